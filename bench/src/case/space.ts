/**
 * Memory held over a stream whose objects are written to the last byte, read at the same points as in
 * native/driver.c. A peer with a memory of its own is charged for every page of it that was touched,
 * books included; the others for the growth of the process, after a forced collection.
 */
import type { Runner } from "../peers/peer.ts";
import type { Stream } from "../stream/format.ts";
import { largeMappings, presentBytes, residentBytes } from "./memory-map.ts";
import type { CaseRequest, SpaceAnswer } from "./protocol.ts";

const READINGS = 16; // a pass; fewer than natively, for each forces a collection
const SLICE_WORDS = 65_536;
const LEAST_HEAP_BYTES = 192 * 2 ** 20;

function collectedBytes(): number {
  globalThis.gc?.();
  return residentBytes();
}

function reader(runner: Runner): () => number {
  if (runner.ownMemory) {
    return () => largeMappings(LEAST_HEAP_BYTES).reduce((sum, mapping) => sum + mapping.residentBytes, 0);
  }
  collectedBytes();
  const base = collectedBytes();
  return () => collectedBytes() - base;
}

function runAll(runner: Runner, { from, to }: { from: number; to: number }): void {
  for (let i = from; i < to; ) i = runner.fill(i, Math.min(i + SLICE_WORDS, to));
}

/** One pass with readings on the way; `atPeak` is called where the requested bytes reach their peak. */
function onePass(runner: Runner, stream: Stream, held: () => number, atPeak: () => void): number {
  let highest = held();
  const end = stream.tail.to;
  const step = Math.ceil((end - stream.head.from) / READINGS) + 1;
  for (let i = stream.head.from; i < end; ) {
    let to = Math.min(i + step, end);
    if (i < stream.peakWord && to > stream.peakWord) to = stream.peakWord;
    i = runner.fill(i, to);
    if (i === stream.peakWord) atPeak();
    highest = Math.max(highest, held());
  }
  return highest;
}

/** Touched pages of the books, which lie at the front of the heap's mapping. */
function touchedBooks(bookBytes: number): number {
  const [mapping] = largeMappings(LEAST_HEAP_BYTES);
  return mapping ? presentBytes(mapping.start, bookBytes) : 0;
}

export function spaceCase(runner: Runner, stream: Stream, request: CaseRequest): SpaceAnswer {
  const held = reader(runner);
  const passes: number[] = [];
  let atPeakBytes = 0;
  let account = {};
  const takePeak = (): void => {
    if (passes.length > 0) return; // of the first pass
    atPeakBytes = held();
    const own = runner.account?.();
    if (own) account = { spanBytes: own.spanBytes, touchedBookBytes: touchedBooks(own.bookBytes) };
  };
  runAll(runner, stream.setup);
  if (stream.peakWord <= stream.setup.to) takePeak();
  for (let pass = 0; pass < request.minPasses; pass++) passes.push(onePass(runner, stream, held, takePeak));
  runAll(runner, stream.closing);
  const freedBytes = held();
  runner.cleanup?.();
  const cleanedBytes = held();
  const left = runner.account?.();
  return {
    ...{ passes, atPeakBytes, freedBytes, cleanedBytes },
    highestBytes: Math.max(atPeakBytes, ...passes),
    ...account,
    ...(left ? { cleanedSpanBytes: left.spanBytes } : {}),
  };
}
