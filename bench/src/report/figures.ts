/** Medians of a run by workload and peer, and ratios of them. */
import type { Results } from "../measure/plan.ts";
import { geometricMean } from "../measure/summary.ts";
import type { PassKind } from "./passes.ts";

/** One workload: ours, theirs, in one unit. */
export interface Pair {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
}

export const ratioOf = ({ ours, theirs }: Pair): number => ours / theirs;

/** Geometric means on both sides, so that their ratio is the mean of the ratios. */
export function meanPair(pairs: readonly Pair[]): Pair {
  return {
    name: "mean",
    ours: geometricMean(pairs.map(({ ours }) => ours)),
    theirs: geometricMean(pairs.map(({ theirs }) => theirs)),
  };
}

export function worstPair(pairs: readonly Pair[]): Pair {
  return pairs.reduce((most, each) => (ratioOf(each) > ratioOf(most) ? each : most));
}

/** The natives that `hand-over` is measured against; those that `--native` names stand in the tables of ratios. */
const natives = ["glibc", "mimalloc", "jemalloc", "gperftools"];

export class Figures {
  private readonly results: Results;

  constructor(results: Results) {
    this.results = results;
  }

  /** A peer that was stopped has a lower bound for `steady`, so the ratio to it is an upper one. */
  time(workload: string, peer: string, kind: PassKind = "steady"): number | undefined {
    const row = this.results.time.find((each) => each.workload === workload && each.peer === peer);
    return row?.[kind]?.median;
  }

  measured(peer: string): boolean {
    return this.results.time.some((row) => row.peer === peer && row.steady !== undefined);
  }

  /** Pairs of all workloads that the pattern takes and both peers were timed on. */
  times(pattern: RegExp, ours: string, theirs: string, kind: PassKind = "steady"): Pair[] {
    return this.paired(
      pattern,
      (workload) => this.time(workload, ours, kind),
      (workload) => this.time(workload, theirs, kind),
    );
  }

  /** … against whichever native was the fastest; one alone is not the fastest of any. */
  againstFastest(pattern: RegExp, ours: string): Pair[] {
    const fastest = (workload: string): number | undefined => {
      const all = natives.flatMap((peer) => this.time(workload, peer) ?? []);
      return all.length > 1 ? Math.min(...all) : undefined;
    };
    return this.paired(pattern, (workload) => this.time(workload, ours), fastest);
  }

  /** MiB touched. */
  held(pattern: RegExp, ours: string, theirs: string): Pair[] {
    const { space } = this.results;
    const mib = (workload: string, peer: string): number | undefined => {
      const row = space.find((each) => each.workload === workload && each.peer === peer);
      return row?.highestBytes === undefined ? undefined : row.highestBytes / 2 ** 20;
    };
    return this.paired(
      pattern,
      (workload) => mib(workload, ours),
      (workload) => mib(workload, theirs),
      space,
    );
  }

  /** The third heap of a loop over its first. */
  thirdHeaps(pattern: RegExp, peer: string): Pair[] {
    return this.results.heaps.flatMap(({ workload, peer: of, heaps }) =>
      of === peer && heaps && pattern.test(workload)
        ? [{ name: workload, ours: heaps[2].median, theirs: heaps[0].median }]
        : [],
    );
  }

  private paired(
    pattern: RegExp,
    ours: (workload: string) => number | undefined,
    theirs: (workload: string) => number | undefined,
    rows: readonly { readonly workload: string }[] = this.results.time,
  ): Pair[] {
    const names = [...new Set(rows.map(({ workload }) => workload))].filter((name) => pattern.test(name));
    return names.flatMap((name) => {
      const [above, below] = [ours(name), theirs(name)];
      return above === undefined || below === undefined ? [] : [{ name, ours: above, theirs: below }];
    });
  }
}
