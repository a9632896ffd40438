/** Reads one word of each record, in the order in which they were allocated. */
import type { Runner } from "../peers/peer.ts";
import type { Stream } from "../stream/format.ts";
import type { CaseRequest, WalkAnswer } from "./protocol.ts";
import { nowNs, timed } from "./run.ts";

export function walkCase(runner: Runner, stream: Stream, request: CaseRequest): WalkAnswer {
  timed(runner, stream.setup, Number.POSITIVE_INFINITY);
  timed(runner, stream.head, Number.POSITIVE_INFINITY);
  const walk = runner.walker(stream.extra);
  const passes: number[] = [];
  let sum = 0;
  for (let pass = 0; pass < request.minPasses; pass++) {
    const begun = nowNs();
    sum = (sum + walk()) | 0;
    passes.push(nowNs() - begun);
  }
  return { passes, sum };
}
