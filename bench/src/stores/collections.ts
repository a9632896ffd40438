/** Collections with their times, so that they can be told from the calls that they fell into. */
import { PerformanceObserver } from "node:perf_hooks";

/** By the same clock as `performance.now()`. */
export interface Span {
  readonly began: number;
  readonly ms: number;
}

/** Collections since the last call; entries reach an observer with the next turn of the event loop. */
export function collectionSpans(): () => Promise<Span[]> {
  let spans: Span[] = [];
  const take = (list: { getEntries(): readonly { startTime: number; duration: number }[] }): void => {
    for (const { startTime, duration } of list.getEntries()) spans.push({ began: startTime, ms: duration });
  };
  new PerformanceObserver(take).observe({ entryTypes: ["gc"] });
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const taken = spans;
    spans = [];
    return taken;
  };
}

/** Milliseconds of a span in which none of the others was. */
export function without({ began, ms }: Span, others: readonly Span[]): number {
  const end = began + ms;
  const shared = others.map((other) => Math.min(end, other.began + other.ms) - Math.max(began, other.began));
  return ms - shared.reduce((sum, each) => sum + Math.max(0, each), 0);
}
