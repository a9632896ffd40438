/**
 * Resident growth of the process over a stream whose objects are written to the last byte; the same
 * points as in native/driver.c. A collection is forced before each reading, so what is held is held.
 */
import { readFileSync } from "node:fs";
import type { Runner } from "../peers/peer.ts";
import type { Stream } from "../stream/format.ts";
import type { CaseRequest, SpaceAnswer } from "./protocol.ts";

const PAGE_BYTES = 4096;
const READINGS = 16; // a pass; fewer than natively, for each forces a collection

function residentBytes(): number {
  globalThis.gc?.();
  return Number(readFileSync("/proc/self/statm", "latin1").split(" ")[1]) * PAGE_BYTES;
}

function runAll(runner: Runner, from: number, to: number): void {
  for (let i = from; i < to; ) i = runner.fill(i, Math.min(i + 65_536, to));
}

export function spaceCase(runner: Runner, stream: Stream, request: CaseRequest): SpaceAnswer {
  residentBytes();
  const base = residentBytes();
  const passes: number[] = [];
  const peak = { atPeakBytes: 0, footprintBytes: 0, metadataBytes: 0 };
  const takePeak = (): void => {
    peak.atPeakBytes = residentBytes() - base;
    Object.assign(peak, runner.space?.());
  };
  runAll(runner, stream.setup.from, stream.setup.to);
  if (stream.peakWord <= stream.setup.to) takePeak();
  for (let pass = 0; pass < request.minPasses; pass++) {
    let highest = residentBytes() - base;
    const { from } = stream.head;
    const end = stream.tail.to;
    const step = Math.ceil((end - from) / READINGS) + 1;
    for (let i = from; i < end; ) {
      let to = Math.min(i + step, end);
      if (i < stream.peakWord && to > stream.peakWord) to = stream.peakWord;
      i = runner.fill(i, to);
      if (i === stream.peakWord && pass === 0) takePeak();
      highest = Math.max(highest, residentBytes() - base);
    }
    passes.push(highest);
  }
  runAll(runner, stream.closing.from, stream.closing.to);
  const freedBytes = residentBytes() - base;
  runner.cleanup?.();
  const { footprintBytes, metadataBytes } = peak;
  return {
    passes,
    atPeakBytes: peak.atPeakBytes,
    highestBytes: Math.max(peak.atPeakBytes, ...passes),
    freedBytes,
    cleanedBytes: residentBytes() - base,
    ...(footprintBytes > 0 ? { footprintBytes, metadataBytes } : {}),
  };
}
