/** Runs sections of a stream in slices, so that a hopelessly slow peer can be stopped in between. */
import { performance } from "node:perf_hooks";
import type { Runner } from "../peers/peer.ts";
import type { SectionSpan } from "../stream/format.ts";
import type { Clock } from "./protocol.ts";

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

export function processorNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Nanoseconds that the section took, by the clock; the deadline is the wall's. */
export function timed(
  runner: Pick<Runner, "run">,
  span: Pick<SectionSpan, "from" | "to">,
  deadlineNs: number,
  clock: Clock = "wall",
): number {
  const read = clock === "cpu" ? processorNs : nowNs;
  const begun = read();
  for (let i = span.from; i < span.to; ) {
    i = runner.run(i, Math.min(i + SLICE_WORDS, span.to));
    if (nowNs() > deadlineNs && i < span.to) throw new TooSlow(read() - begun, i - span.from);
  }
  return read() - begun;
}

/**
 * V8 inlines what a call has had as its only target. A runner inlined here would leave the allocator's calls what is
 * over of this function's budget: the loop of sqlite's trace took 6.4 or 9.3 ns by a few bytes of bytecode. So this
 * call has several targets before it has a runner's.
 */
function keepRunnersWhole(): void {
  const targets: Pick<Runner, "run">[] = [
    { run: (_from, to) => to },
    { run: (from) => from + SLICE_WORDS },
    { run: (from, to) => Math.max(from, to) },
  ];
  const span = { from: 0, to: 1000 * SLICE_WORDS };
  for (const target of targets) timed(target, span, Number.POSITIVE_INFINITY);
}
keepRunnersWhole();
