/** Messages between two workers, through a ring and by other ways. */
import { fileURLToPath } from "node:url";
import { type MessagesAnswer, type MessagesRequest, messagePeers } from "../case/protocol.ts";
import { type Options, peerSelected } from "../options.ts";
import { runRounds } from "./rounds.ts";
import { median } from "./summary.ts";

const caseMain = fileURLToPath(new URL("../case/main.js", import.meta.url));

export interface MessagesRow extends Partial<MessagesAnswer> {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
}

export { messagePeers };
export const messageBytes = [16, 64, 4096, 65_536];

export async function measureMessages(
  options: Options,
  bytes: number,
  tick: (peer: string) => void,
): Promise<MessagesRow[]> {
  const contestants = messagePeers
    .filter((peer) => peerSelected(options, peer))
    .map((peer) => {
      const request: MessagesRequest = { mode: "messages", peer, bytes };
      return { id: peer, command: { program: options.node, args: [caseMain, JSON.stringify(request)] } };
    });
  const outcomes = await runRounds<MessagesAnswer>(contestants, {
    rounds: options.rounds,
    tick,
    timeoutMs: 120_000,
  });
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: `messages/${bytes}`, peer };
    if (refused !== undefined) return { ...row, refused };
    const keys = Object.keys(answers[0]) as (keyof MessagesAnswer)[];
    const medians = keys.map((key) => [key, median(answers.map((answer) => answer[key]))] as const);
    return { ...row, ...(Object.fromEntries(medians) as unknown as MessagesAnswer) };
  });
}
