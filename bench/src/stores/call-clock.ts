/**
 * The time of each call. What a thread waits for a processor, which another program has, says nothing of the call:
 *
 *   longest = the longest by the wall's clock; each call's own time = that time - what the thread waited in it
 */
import { type Span, without } from "./collections.ts";
import { threadTime } from "./thread-time.ts";

/** Shorter calls have not waited. */
const LOOKED_AT_MS = 0.01;
/** What the thread waited between calls is taken note of as often as that. */
const BATCH = 64;
/** Calls as long as that are remembered one by one. */
const REMEMBERED_MS = 0.1;

export class CallClock {
  private readonly took: Float32Array;
  private count = 0;
  private waitedNs = threadTime()[1];
  private readonly long: { readonly span: Span; readonly waitedMs: number }[] = [];
  longestMs = 0;

  /** All pages of the list are touched now, so that it is no part of what is measured later. */
  constructor(most: number) {
    this.took = new Float32Array(most).fill(1);
  }

  add(began: number, ms: number): void {
    const isLong = ms > LOOKED_AT_MS;
    let own = ms;
    if (isLong || this.count % BATCH === 0) {
      const [, waitedNs] = threadTime();
      if (isLong) own = this.ownOf({ began, ms }, (waitedNs - this.waitedNs) / 1e6);
      this.waitedNs = waitedNs;
    }
    if (ms > this.longestMs) this.longestMs = ms;
    this.took[this.count++] = own;
  }

  private ownOf(span: Span, waitedMs: number): number {
    const own = Math.max(0, span.ms - waitedMs);
    if (own > REMEMBERED_MS) this.long.push({ span, waitedMs });
    return own;
  }

  /** The longest own time without the collections that fell into its call; a bound, where no call is remembered. */
  longestBut(collections: readonly Span[]): number {
    return this.long.reduce(
      (most, { span, waitedMs }) => Math.max(most, without(span, collections) - waitedMs),
      REMEMBERED_MS,
    );
  }

  /** Own times, in milliseconds, of the calls in order of length. */
  at(shares: readonly number[]): number[] {
    const sorted = this.took.subarray(0, this.count).sort();
    return shares.map((share) => sorted[Math.min(this.count - 1, Math.floor(this.count * share))] as number);
  }
}
