/** Locality: ns a record of a walk in the order of allocation. */
import type { WalkAnswer } from "../case/protocol.ts";
import type { Options } from "../options.ts";
import { readStream } from "../stream/format.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Peer } from "./cases.ts";
import { runRounds } from "./rounds.ts";
import { caseRequest, type TimeRow, timeSpreads } from "./time.ts";

const PASSES = 9;

export async function measureWalk(
  options: Options,
  workload: Workload,
  peers: readonly Peer[],
  tick: (peer: string) => void,
): Promise<TimeRow[]> {
  const request = { ...(await caseRequest(options, workload)), minPasses: PASSES };
  const contestants = peers.map((peer) => ({ ...peer, command: peer.command("walk", request) }));
  const { rounds } = options;
  const outcomes = await runRounds<WalkAnswer>(contestants, { rounds, tick, timeoutMs: 120_000 });
  const records = readStream(request.stream).extra.length;
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: workload.id, peer };
    if (refused !== undefined) return { ...row, refused };
    const passes = answers.map((answer) => ({ passes: answer.passes.map((ns) => [ns, 0] as const) }));
    return { ...row, ...timeSpreads(passes, records) };
  });
}
