/** What a dependent random walk over a gibibyte of objects costs a step, with small pages and with huge ones. */
import { fileURLToPath } from "node:url";
import type { ChaseAnswer, ChaseRequest } from "../case/protocol.ts";
import type { Options } from "../options.ts";
import { runRounds } from "./rounds.ts";
import { type TimeRow, timeSpreads } from "./time.ts";

const caseMain = fileURLToPath(new URL("../case/main.js", import.meta.url));
const COUNT = 2 ** 24;
const STEPS = 4_000_000;

export const chase = {
  id: "walk/1GiB",
  title: "dependent walk in random order over 1 GiB of 64-byte objects, with and without huge pages",
};
export const chasePeers = ["offheap", "offheap-huge"] as const;

export async function measureChase(options: Options, tick: (peer: string) => void): Promise<TimeRow[]> {
  const contestants = chasePeers.map((peer) => {
    const request: ChaseRequest = { mode: "chase", peer, count: COUNT, steps: STEPS, passes: 4 };
    const args = ["--no-warnings", caseMain, JSON.stringify(request)];
    return { id: peer, command: { program: options.node, args } };
  });
  const rounds = Math.min(3, options.rounds);
  const outcomes = await runRounds<ChaseAnswer>(contestants, { rounds, tick, timeoutMs: 120_000 });
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: chase.id, peer };
    if (refused !== undefined) return { ...row, refused };
    const passes = answers.map((answer) => ({ passes: answer.passes.map((ns) => [ns, 0] as const) }));
    return { ...row, ...timeSpreads(passes, STEPS) };
  });
}
