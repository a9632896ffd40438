/** Nanoseconds an operation: rounds over all peers in turn, so that a noisy minute strikes all alike. */
import type { CaseRequest, Refusal, TimeAnswer } from "../case/protocol.ts";
import type { Options } from "../options.ts";
import { readStream, type Stream } from "../stream/format.ts";
import { streamFile, type Workload } from "../workloads/workload.ts";
import type { Peer } from "./cases.ts";
import { runCase } from "./process.ts";
import { type Spread, spread } from "./summary.ts";

export interface TimeRow {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
  /** ns an operation of head and tail together; the spread is over the rounds. */
  readonly first?: Spread;
  readonly steady?: Spread;
  readonly steadyHead?: Spread; // without the frees of what a trace leaves
  readonly setup?: Spread;
  readonly passes?: number; // steady ones, of all rounds
  /** Stopped at the deadline: `steady` holds what was measured up to there, a lower bound. */
  readonly stopped?: true;
}

const medianOf = (answer: TimeAnswer, part: (pass: readonly [number, number]) => number): number => {
  const steady = answer.passes.slice(1).map(part);
  return spread(steady.length > 0 ? steady : answer.passes.map(part)).median;
};

/** A case stopped at its deadline counts what it did, each operation at 3/2 words. */
function stoppedRow(row: { workload: string; peer: string }, answer: TimeAnswer): TimeRow {
  const { ns, words } = answer.tooSlow ?? { ns: 0, words: 1 };
  return { ...row, steady: spread([ns / (words / 1.5)]), stopped: true };
}

export function timeRow(
  row: { workload: string; peer: string },
  stream: Stream,
  answers: readonly TimeAnswer[],
): TimeRow {
  const stopped = answers.find((answer) => answer.tooSlow);
  if (stopped) return stoppedRow(row, stopped);
  const ops = stream.head.ops + stream.tail.ops;
  const whole = ([head, tail]: readonly [number, number]): number => (head + tail) / ops;
  const setups = answers.map((answer) => answer.setupNs / stream.setup.ops);
  return {
    ...row,
    first: spread(answers.map((answer) => whole(answer.passes[0]))),
    steady: spread(answers.map((answer) => medianOf(answer, whole))),
    steadyHead: spread(answers.map((answer) => medianOf(answer, ([head]) => head / stream.head.ops))),
    ...(stream.setup.ops > 0 ? { setup: spread(setups) } : {}),
    passes: answers.reduce((sum, answer) => sum + answer.passes.length - 1, 0),
  };
}

export async function timeRequest(options: Options, workload: Workload): Promise<CaseRequest> {
  return {
    ...{ mode: "time", peer: "", stream: await streamFile(workload) },
    minPasses: options.quick ? 3 : 6,
    maxPasses: 200,
    budgetMs: options.budgetMs,
    deadlineMs: options.quick ? 8000 : 30_000,
    ballast: workload.ballast ?? 0,
  };
}

/** One row for each peer; `tick` is called after each process. */
export async function measureTime(
  options: Options,
  workload: Workload,
  peers: readonly Peer[],
  tick: (peer: string) => void,
): Promise<TimeRow[]> {
  const request = await timeRequest(options, workload);
  const answers = new Map<string, TimeAnswer[]>(peers.map((peer) => [peer.id, []]));
  const refusals = new Map<string, string>();
  for (let round = 0; round < options.rounds; round++) {
    for (const peer of peers) {
      const before = answers.get(peer.id) ?? [];
      const given = peer.missing ?? refusals.get(peer.id);
      if (given !== undefined) refusals.set(peer.id, given);
      else if (!before.some((answer) => answer.tooSlow)) {
        const timeoutMs = request.deadlineMs * 2 + 10_000;
        const answer = await runCase<TimeAnswer | Refusal>(peer.command("time", request), timeoutMs);
        if ("refused" in answer) refusals.set(peer.id, answer.refused);
        else before.push(answer);
      }
      tick(peer.id);
    }
  }
  const stream = readStream(request.stream);
  return peers.map(({ id }) => {
    const row = { workload: workload.id, peer: id };
    const refused = refusals.get(id);
    return refused !== undefined ? { ...row, refused } : timeRow(row, stream, answers.get(id) ?? []);
  });
}
