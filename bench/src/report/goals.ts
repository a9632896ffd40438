/** The goals that the project set itself, each with both medians, computed from whatever of them this run measured. */
import type { Results } from "../measure/plan.ts";
import { bundledTraces } from "../workloads/traces.ts";
import { Figures, meanPair, type Pair, ratioOf, worstPair } from "./figures.ts";
import type { Goal, GoalRow } from "./goal.ts";
import { storeRows } from "./store-goals.ts";

export type { Goal };

const SMALL = "offheap-fine";
const ANY_SIZE = "offheap-pool";
const REPLAY = /^replay\//;
const SHUFFLED = /^batch\/65536\/shuffled$/;
const HANDED_OVER = /^threads\/(xmalloc|larson|churn)/;

function traceRows(figures: Figures): GoalRow[] {
  const steady = figures.times(REPLAY, SMALL, "mimalloc");
  const bundled = new Set(bundledTraces().map((name) => `replay/${name}`));
  const common = { subject: SMALL, against: "mimalloc", takes: "mean" } as const;
  const [ours, others] = [true, false].map((which) =>
    steady.filter(({ name }) => bundled.has(name) === which),
  );
  const [first, second] = (["first", "second"] as const).map((kind) =>
    figures.times(REPLAY, SMALL, "mimalloc", kind),
  );
  return [
    { ...common, what: "bundled traces, steady", pairs: ours, limit: 1.8 },
    { ...common, what: "other traces (--trace), steady", pairs: others, limit: 1.45 },
    { ...common, what: "worst trace, steady", pairs: steady, limit: 2.2, takes: "worst" },
    {
      ...{ ...common, what: "traces, steady", pairs: figures.times(REPLAY, SMALL, "bare"), limit: 1.3 },
      against: "bare",
    },
    { ...common, what: "traces, first pass", pairs: first, limit: 2.7 },
    { ...common, what: "traces, second pass", pairs: second, limit: 2.2 },
    {
      ...{ ...common, what: "a loop's third heap, traces", limit: 1.3 },
      ...{ pairs: figures.thirdHeaps(/^heaps\/replay\//, SMALL), against: "its first heap" },
    },
  ];
}

function loopRows(figures: Figures): GoalRow[] {
  const of = (pattern: RegExp): Pair[] => figures.times(pattern, SMALL, "mimalloc");
  const common = { subject: SMALL, against: "mimalloc", takes: "mean", limit: 1.3 } as const;
  const batches = of(/^batch\//).filter(({ name }) => !SHUFFLED.test(name));
  return [
    { ...common, what: "loops: pair", pairs: of(/^pair\//) },
    { ...common, what: "loops: replace", pairs: of(/^replace\//) },
    { ...common, what: "loops: other batches", pairs: batches },
    { ...common, what: "loops: batch of 65,536, shuffled", pairs: of(SHUFFLED), limit: 2 },
  ];
}

/** The client in C where there is a compiler for it, else the one in AssemblyScript. */
function moduleRows(figures: Figures): GoalRow[] {
  const subject = ["c-offheap", "as-offheap"].find((client) => figures.measured(client)) ?? "c-offheap";
  const of = (pattern: RegExp): Pair[] => figures.times(pattern, subject, "mimalloc");
  const common = { subject, against: "mimalloc", takes: "mean", limit: 1.4 } as const;
  return [
    { ...common, what: "asMalloc: replace", pairs: of(/^wasm\/replace\//) },
    { ...common, what: "asMalloc: traces", pairs: of(/^wasm\/replay\//) },
    {
      ...{ subject, against: "dlmalloc in WebAssembly", what: "asMalloc: pair", takes: "worst", limit: 1 },
      pairs: figures.times(/^wasm\/pair\//, subject, "c-dlmalloc"),
    },
  ];
}

function rows(figures: Figures): GoalRow[] {
  return [
    ...traceRows(figures),
    ...loopRows(figures),
    {
      ...{ what: "hand-over between two workers", subject: "offheap", against: "the fastest native" },
      ...{ pairs: figures.againstFastest(HANDED_OVER, "offheap"), takes: "worst", limit: 0.9 },
    },
    {
      ...{ what: "objects of 8 KiB to 1 MiB", subject: ANY_SIZE, against: "glibc" },
      ...{ pairs: figures.times(/^large\//, ANY_SIZE, "glibc"), takes: "worst", limit: 1 },
    },
    ...moduleRows(figures),
    {
      ...{ what: "footprint, worst trace", subject: SMALL, against: "mimalloc", unit: "MiB" },
      ...{ pairs: figures.held(/^space\/replay\//, SMALL, "mimalloc"), takes: "worst", limit: 1.11 },
    },
  ];
}

export function goals(results: Results): Goal[] {
  return [...rows(new Figures(results)), ...storeRows(results.stores)].flatMap(
    ({ pairs, takes, unit = "ns", ...row }): Goal[] => {
      if (pairs.length === 0) return [];
      const worst = worstPair(pairs);
      const pair = takes === "mean" ? meanPair(pairs) : worst;
      const ratio = ratioOf(pair);
      return [
        {
          ...{ ...row, unit, ratio, met: ratio <= row.limit },
          ...{ ours: pair.ours, theirs: pair.theirs },
          ...{ worst: worst.name, worstRatio: ratioOf(worst), workloads: pairs.length },
        },
      ];
    },
  );
}
