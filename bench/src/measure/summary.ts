/** Medians with their spread; a mean of ratios is a geometric one. */
import { geometricMean, median } from "simple-statistics";

export { geometricMean, median };

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median([...values]), min: Math.min(...values), max: Math.max(...values) };
}
