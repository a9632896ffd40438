/** What a goal is, as it is reported, and the row that it is computed from. */
import type { Pair } from "./figures.ts";

export interface Goal {
  readonly what: string;
  readonly subject: string;
  readonly against: string;
  readonly unit: "ns" | "MiB" | "bytes" | "ms" | "misses of 100";
  /** Medians: of one workload, or geometric means of those of several. */
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
  readonly limit: number;
  readonly met: boolean;
  /** The workload with the highest ratio, of how many. */
  readonly worst: string;
  readonly worstRatio: number;
  readonly workloads: number;
}

export interface GoalRow extends Pick<Goal, "what" | "subject" | "against" | "limit"> {
  readonly pairs: readonly Pair[];
  /** A mean of all, or the worst alone. */
  readonly takes: "mean" | "worst";
  readonly unit?: Goal["unit"]; // ns unless said
}
