/** What five million records cost the collector on the JavaScript heap, and what off it. */
import { fileURLToPath } from "node:url";
import type { GcAnswer, GcRequest } from "../case/protocol.ts";
import { type Options, peerSelected } from "../options.ts";
import { runRounds } from "./rounds.ts";
import { median } from "./summary.ts";

const caseMain = fileURLToPath(new URL("../case/main.js", import.meta.url));
const RECORDS = 5_000_000;
const STEPS = 4_000_000;

export interface GcRow extends Partial<GcAnswer> {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
}

export const gcPeers = ["offheap", "object"] as const;

export async function measureGc(options: Options, tick: (peer: string) => void): Promise<GcRow[]> {
  const contestants = gcPeers
    .filter((peer) => peerSelected(options, peer))
    .map((peer) => {
      const request: GcRequest = { mode: "gc", peer, count: RECORDS, steps: STEPS };
      const args = ["--expose-gc", "--max-old-space-size=8192", caseMain, JSON.stringify(request)];
      return { id: peer, command: { program: options.node, args } };
    });
  const rounds = Math.min(3, options.rounds);
  const outcomes = await runRounds<GcAnswer>(contestants, { rounds, tick, timeoutMs: 120_000 });
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: "gc/5M-records", peer };
    if (refused !== undefined) return { ...row, refused };
    const keys = Object.keys(answers[0]) as (keyof GcAnswer)[];
    const medians = keys.map((key) => [key, median(answers.map((answer) => answer[key]))] as const);
    return { ...row, ...(Object.fromEntries(medians) as unknown as GcAnswer) };
  });
}
