/** What records cost, kept off the JavaScript heap, on it, or as arrays. */
import { fileURLToPath } from "node:url";
import type { RecordsAnswer, RecordsRequest } from "../case/protocol.ts";
import { type Options, peerSelected } from "../options.ts";
import { runRounds } from "./rounds.ts";
import { median } from "./summary.ts";

const caseMain = fileURLToPath(new URL("../case/main.js", import.meta.url));

export interface RecordsRow extends Partial<RecordsAnswer> {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
}

export const recordPeers = ["records", "records-cursor", "object", "class", "soa", "bitecs"] as const;

export async function measureRecords(
  options: Options,
  count: number,
  tick: (peer: string) => void,
): Promise<RecordsRow[]> {
  const contestants = recordPeers
    .filter((peer) => peerSelected(options, peer))
    .map((peer) => {
      const request: RecordsRequest = { mode: "records", peer, count };
      const args = ["--expose-gc", "--max-old-space-size=8192", caseMain, JSON.stringify(request)];
      return { id: peer, command: { program: options.node, args } };
    });
  const outcomes = await runRounds<RecordsAnswer>(contestants, {
    rounds: options.rounds,
    tick,
    timeoutMs: 300_000,
  });
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: `records/${count}`, peer };
    if (refused !== undefined) return { ...row, refused };
    const keys = Object.keys(answers[0]) as (keyof RecordsAnswer)[];
    const medians = keys.map((key) => [key, median(answers.map((answer) => answer[key]))] as const);
    return { ...row, ...(Object.fromEntries(medians) as unknown as RecordsAnswer) };
  });
}
