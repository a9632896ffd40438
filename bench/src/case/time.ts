/** First pass and steady passes of one peer over one stream. */
import type { Runner } from "../peers/peer.ts";
import type { Stream } from "../stream/format.ts";
import type { CaseRequest, TimeAnswer } from "./protocol.ts";
import { nowNs, TooSlow, timed } from "./run.ts";

export function timeCase(runner: Runner, stream: Stream, request: CaseRequest): TimeAnswer {
  const deadline = nowNs() + request.deadlineMs * 1e6;
  const { clock } = request;
  const passes: [number, number][] = [];
  let setupNs = 0;
  try {
    setupNs = timed(runner, stream.setup, deadline, clock);
    const budget = nowNs() + request.budgetMs * 1e6;
    while (passes.length < request.maxPasses && (passes.length < request.minPasses || nowNs() < budget)) {
      const headNs = timed(runner, stream.head, deadline, clock);
      passes.push([headNs, timed(runner, stream.tail, deadline, clock)]);
    }
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
    return { setupNs, passes, tooSlow: { ns: error.ns, words: error.words } };
  }
  return { setupNs, passes };
}
