/** The goals that the project set itself, computed from whatever of them this run measured. */
import type { Results } from "../measure/plan.ts";
import { geometricMean } from "../measure/summary.ts";

export interface Goal {
  readonly what: string;
  readonly subject: string;
  readonly value: number;
  readonly limit: number;
  readonly detail: string;
}

const natives = ["glibc", "mimalloc", "jemalloc", "gperftools"];
const LOOPS = /^(pair|batch|replace)\//;
const HANDED_OVER = /^threads\/(xmalloc|larson|churn)/;

class Figures {
  private readonly results: Results;
  readonly subject: string;

  constructor(results: Results, subject: string) {
    this.results = results;
    this.subject = subject;
  }

  workloads(pattern: RegExp): string[] {
    const own = this.results.time.filter(({ peer, steady }) => peer === this.subject && steady);
    return own.map(({ workload }) => workload).filter((workload) => pattern.test(workload));
  }

  steady(workload: string, peer = this.subject): number | undefined {
    const row = this.results.time.find((each) => each.workload === workload && each.peer === peer);
    return row?.steady?.median; // a lower bound for a peer that was stopped, so the ratio is an upper one
  }

  first(workload: string): number | undefined {
    return this.results.time.find((each) => each.workload === workload && each.peer === this.subject)?.first
      ?.median;
  }

  fastest(workload: string): number | undefined {
    const all = natives.flatMap((peer) => this.steady(workload, peer) ?? []);
    return all.length > 1 ? Math.min(...all) : undefined; // one alone is not the fastest of any
  }

  highest(workload: string, peer: string): number | undefined {
    return this.results.space.find((each) => each.workload === workload && each.peer === peer)?.highestBytes;
  }

  spaceWorkloads(pattern: RegExp): string[] {
    const own = this.results.space.filter(({ peer }) => peer === this.subject);
    return own.map(({ workload }) => workload).filter((workload) => pattern.test(workload));
  }
}

type Ratio = readonly [name: string, ratio: number];

/** ours ÷ theirs where both were measured. */
function ratios(
  names: readonly string[],
  ours: (name: string) => number | undefined,
  theirs: typeof ours,
): Ratio[] {
  return names.flatMap((name) => {
    const [above, below] = [ours(name), theirs(name)];
    return above === undefined || below === undefined ? [] : [[name, above / below] as const];
  });
}

/** ours ÷ theirs on the traces, huge pages on both sides. */
function hugeGoals(results: Results): Goal[] {
  const figures = new Figures(results, "offheap-huge");
  const of = ratios(
    figures.workloads(/^replay\//),
    (name) => figures.steady(name),
    (name) => figures.steady(name, "mimalloc-huge"),
  );
  return goal("traces with huge pages, mean against mimalloc", "offheap-huge", of, 1, "mean");
}

const mean = (of: readonly Ratio[]): number => geometricMean(of.map(([, ratio]) => ratio));
const worst = (of: readonly Ratio[]): Ratio => of.reduce((most, each) => (each[1] > most[1] ? each : most));

function goal(
  what: string,
  subject: string,
  of: readonly Ratio[],
  limit: number,
  kind: "mean" | "worst",
): Goal[] {
  if (of.length === 0) return [];
  const [name, ratio] = worst(of);
  const value = kind === "mean" ? mean(of) : ratio;
  return [{ what, subject, value, limit, detail: `worst ${name} ${ratio.toFixed(2)}×` }];
}

function javascriptGoals(figures: Figures): Goal[] {
  const { subject } = figures;
  const loops = figures.workloads(LOOPS);
  const inverse = (peer: string, names: readonly string[]): Ratio[] =>
    ratios(names, figures.steady.bind(figures), (name) => figures.steady(name, peer));
  const thing = inverse("thi.ng", loops);
  const arrays = inverse(
    "uint8array",
    loops.filter((name) => name.startsWith("replace/")),
  );
  return [
    ...goal("time, @thi.ng/malloc at its best pattern", subject, thing, 1 / 3, "worst"),
    ...goal("time, typed arrays under random replacement", subject, arrays, 1 / 10, "worst"),
  ];
}

function goalsOf(results: Results, subject: string): Goal[] {
  const figures = new Figures(results, subject);
  const ours = (name: string): number | undefined => figures.steady(name);
  const against = (peer: string) => (name: string) => figures.steady(name, peer);
  const fastest = (name: string): number | undefined => figures.fastest(name);
  const loops = figures.workloads(LOOPS);
  const traces = figures.workloads(/^replay\//);
  const spaces = figures.spaceWorkloads(/^space\/replay\//);
  const handed = figures.workloads(HANDED_OVER);
  const growing = ratios(["growth/10000000"], ours, () => ours("growth/10000"));
  const mapped = (peer: string) => (name: string) => figures.highest(name, peer);
  return [
    ...goal("loops, mean against mimalloc", subject, ratios(loops, ours, against("mimalloc")), 1, "mean"),
    ...goal("loops, mean against the fastest native", subject, ratios(loops, ours, fastest), 1.3, "mean"),
    ...goal("traces, mean against mimalloc", subject, ratios(traces, ours, against("mimalloc")), 0.9, "mean"),
    ...goal("traces, mean against glibc", subject, ratios(traces, ours, against("glibc")), 0.5, "mean"),
    ...goal(
      "traces, worst against mimalloc",
      subject,
      ratios(traces, ours, against("mimalloc")),
      1.2,
      "worst",
    ),
    ...goal(
      "traces, first pass against steady",
      subject,
      ratios(traces, (name) => figures.first(name), ours),
      3,
      "worst",
    ),
    ...goal("two workers, against the fastest native", subject, ratios(handed, ours, fastest), 1, "worst"),
    ...goal(
      "footprint on traces, against mimalloc",
      subject,
      ratios(spaces, mapped(subject), mapped("mimalloc")),
      1.15,
      "worst",
    ),
    ...goal("10^7 live against 10^4", subject, growing, 2.5, "worst"),
    ...javascriptGoals(figures),
  ];
}

export function goals(results: Results): Goal[] {
  return [
    ...["offheap", "offheap-fine", "offheap-pool"].flatMap((subject) => goalsOf(results, subject)),
    ...hugeGoals(results),
  ];
}
