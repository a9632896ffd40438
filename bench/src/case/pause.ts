/** The time of single operations, each between two readings of the clock; collections fall where they fall. */
import { performance } from "node:perf_hooks";
import type { Runner } from "../peers/peer.ts";
import type { Stream } from "../stream/format.ts";
import type { CaseRequest, PauseAnswer } from "./protocol.ts";
import { timed } from "./run.ts";

export function pauseCase(runner: Runner, stream: Stream, request: CaseRequest): PauseAnswer {
  const took = new Float64Array(stream.head.ops + stream.tail.ops).fill(1);
  timed(runner, stream.setup, Number.POSITIVE_INFINITY);
  let count = 0;
  for (let pass = 0; pass < request.minPasses; pass++) {
    count = 0;
    for (let i = stream.head.from; i < stream.tail.to; ) {
      const begun = performance.now();
      i = runner.run(i, i + 1);
      took[count++] = performance.now() - begun;
    }
  }
  took.subarray(0, count).sort();
  const at = (part: number): number => Math.round(took[Math.min(count - 1, Math.floor(count * part))] * 1e6);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}
