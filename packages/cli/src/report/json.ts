// The report for programs. Its fields are documented in the README of this package: a name that is
// there stays, and means the same, until `format` says otherwise.

import { cpus } from "node:os";
import type { Run } from "../replay/replay.ts";
import { isCut, isGood, isSound, type ReplayResults, type TraceResult } from "../results.ts";
import { fillText } from "./text.ts";

export const jsonFormat = "offheap-replay-1";

export function replayJson({ options, limit, traces }: ReplayResults): string {
  const document = {
    format: jsonFormat,
    ok: traces.every((result) => isGood(result) && !isCut(result)),
    machine: {
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model ?? "unknown",
      cpuCount: cpus().length,
    },
    options: {
      allocator: options.allocator,
      workers: options.workers,
      passes: options.passes,
      capacityBytes: options.capacity,
      classes: options.classes,
      verify: options.verify,
      limitBytes: limit?.bytes ?? null,
    },
    traces: traces.map(traceJson),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function traceJson({ path, trace, stream, runs, error }: TraceResult) {
  return {
    path,
    name: trace?.name ?? null,
    error: error ?? null,
    trace: trace
      ? {
          operations: trace.operations,
          allocations: trace.allocations,
          frees: trace.frees,
          reallocations: trace.reallocations,
          liveAtEnd: trace.liveAtEnd,
          truncated: trace.problems.truncated ?? null,
          cutAtByte: trace.problems.cutAtByte ?? null,
          malformedLines: trace.problems.malformedLines,
          unknownFrees: trace.problems.unknownFrees,
          missingFrees: trace.problems.missingFrees,
          failedRequests: trace.problems.failedRequests,
          zeroByteRequests: trace.problems.zeroByteRequests,
        }
      : null,
    replayed: stream
      ? {
          operations: stream.operations,
          peakLiveBytes: stream.peakLiveBytes,
          peakLiveObjects: stream.peakLiveObjects,
          passedOver: stream.passedOver,
        }
      : null,
    runs: runs.map(runJson),
  };
}

function runJson(run: Run) {
  return {
    workers: run.workers,
    ok: isSound(run),
    firstPassNs: run.firstPassNs ?? null,
    steadyMedianNs: run.steadyMedianNs ?? null,
    steadyMinNs: run.steadyMinNs ?? null,
    steadyMaxNs: run.steadyMaxNs ?? null,
    checkedMedianNs: run.checkedMedianNs ?? null,
    passNs: run.passNs,
    checkedPassNs: run.checkedPassNs,
    space: run.space ?? null,
    fillViolations: run.fillViolations.map(fillText),
    heapViolations: run.heapViolations,
  };
}
