/** The tail of single operations; the floor is the clock around the stream alone. */
import type { PauseAnswer } from "../case/protocol.ts";
import type { Options } from "../options.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Peer } from "./cases.ts";
import { runRounds } from "./rounds.ts";
import { median } from "./summary.ts";
import { caseRequest } from "./time.ts";

const PASSES = 3; // the last one counts

export interface PauseRow {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
  readonly p50?: number; // ns
  readonly p99?: number;
  readonly p999?: number;
  readonly max?: number; // the median over the rounds of each round's slowest
  readonly worst?: number; // over all rounds
}

export async function measurePause(
  options: Options,
  workload: Workload,
  peers: readonly Peer[],
  tick: (peer: string) => void,
): Promise<PauseRow[]> {
  const request = { ...(await caseRequest(options, workload)), minPasses: PASSES };
  const contestants = peers.map((peer) => ({
    ...peer,
    command: peer.command(peer.id === "floor-native" ? "clock" : "pause", request),
  }));
  const { rounds } = options;
  const outcomes = await runRounds<PauseAnswer>(contestants, { rounds, tick, timeoutMs: 120_000 });
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: `pause/${workload.id}`, peer };
    if (refused !== undefined) return { ...row, refused };
    const of = (key: keyof PauseAnswer): number => median(answers.map((answer) => answer[key]));
    const worst = Math.max(...answers.map((answer) => answer.max));
    return { ...row, p50: of("p50"), p99: of("p99"), p999: of("p999"), max: of("max"), worst };
  });
}
