/** Runs sections of a stream in slices, so that a hopelessly slow peer can be stopped in between. */
import { performance } from "node:perf_hooks";
import type { Runner } from "../peers/peer.ts";
import type { SectionSpan } from "../stream/format.ts";

const SLICE_WORDS = 8192; // native/stream.h has the same

/** Thrown by `timed` when the deadline passed; says how far it came. */
export class TooSlow extends Error {
  readonly ns: number;
  readonly words: number;

  constructor(ns: number, words: number) {
    super("too slow");
    this.ns = ns;
    this.words = words;
  }
}

export function nowNs(): number {
  return performance.now() * 1e6;
}

/** Nanoseconds that the section took. */
export function timed(runner: Runner, span: SectionSpan, deadlineNs: number): number {
  const begun = nowNs();
  for (let i = span.from; i < span.to; ) {
    i = runner.run(i, Math.min(i + SLICE_WORDS, span.to));
    if (nowNs() > deadlineNs && i < span.to) throw new TooSlow(nowNs() - begun, i - span.from);
  }
  return nowNs() - begun;
}
