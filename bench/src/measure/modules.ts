/** Programs inside WebAssembly modules: nanoseconds a step. */
import type { TimeAnswer } from "../case/protocol.ts";
import type { Options } from "../options.ts";
import { PROGRAM_STEPS } from "../workloads/modules.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Peer } from "./cases.ts";
import { runRounds } from "./rounds.ts";
import { caseRequest, type TimeRow, timeSpreads } from "./time.ts";

export async function measureProgram(
  options: Options,
  workload: Workload,
  peers: readonly Peer[],
  tick: (peer: string) => void,
): Promise<TimeRow[]> {
  const request = await caseRequest(options, workload);
  const contestants = peers.map((peer) => ({ ...peer, command: peer.command("program", request) }));
  const { rounds } = options;
  const outcomes = await runRounds<TimeAnswer>(contestants, { rounds, tick, timeoutMs: 120_000 });
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: workload.id, peer };
    return refused === undefined ? { ...row, ...timeSpreads(answers, PROGRAM_STEPS) } : { ...row, refused };
  });
}
