/** Memory held over the peak of requested bytes, and what is left of it at the end. */
import type { SpaceAnswer } from "../case/protocol.ts";
import type { Options } from "../options.ts";
import { readStream } from "../stream/format.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Peer } from "./cases.ts";
import { runRounds } from "./rounds.ts";
import { median } from "./summary.ts";
import { caseRequest } from "./time.ts";

const PASSES = 3;

export interface SpaceRow {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
  readonly peakRequestedBytes?: number;
  readonly highestBytes?: number; // of all passes
  readonly atPeakBytes?: number; // of the first pass, where most bytes are requested
  readonly freedBytes?: number;
  readonly cleanedBytes?: number;
  readonly spanBytes?: number;
  readonly touchedBookBytes?: number;
  readonly cleanedSpanBytes?: number;
}

export async function measureSpace(
  options: Options,
  workload: Workload,
  peers: readonly Peer[],
  tick: (peer: string) => void,
): Promise<SpaceRow[]> {
  const request = { ...(await caseRequest(options, workload)), minPasses: PASSES };
  const contestants = peers.map((peer) => ({ ...peer, command: peer.command("space", request) }));
  const rounds = Math.min(3, options.rounds);
  const outcomes = await runRounds<SpaceAnswer>(contestants, { rounds, tick, timeoutMs: 120_000 });
  const { peakLiveBytes } = readStream(request.stream);
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: `space/${workload.id}`, peer };
    if (refused !== undefined) return { ...row, refused };
    const of = (key: keyof Omit<SpaceAnswer, "passes">): number | undefined =>
      answers[0][key] === undefined ? undefined : median(answers.map((answer) => answer[key] ?? 0));
    const keys = ["highestBytes", "atPeakBytes", "freedBytes", "cleanedBytes"] as const;
    const own = ["spanBytes", "touchedBookBytes", "cleanedSpanBytes"] as const;
    const given = [...keys, ...own].filter((key) => of(key) !== undefined);
    return {
      ...row,
      peakRequestedBytes: peakLiveBytes,
      ...Object.fromEntries(given.map((key) => [key, of(key)])),
    };
  });
}
