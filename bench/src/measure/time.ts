/** Nanoseconds an operation: the first and the second pass of a process, and the steady ones after them. */
import type { CaseRequest, TimeAnswer } from "../case/protocol.ts";
import type { Options } from "../options.ts";
import { readStream, type Stream } from "../stream/format.ts";
import { streamFile, type Workload } from "../workloads/workload.ts";
import type { Peer } from "./cases.ts";
import { type Outcome, runRounds } from "./rounds.ts";
import { type Spread, spread } from "./summary.ts";

export interface TimeRow {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
  /** ns an operation of head and tail together; the spread is over the rounds. */
  readonly first?: Spread;
  readonly second?: Spread; // of a stream's loop
  readonly steady?: Spread;
  readonly steadyHead?: Spread; // without the frees of what a trace leaves
  readonly setup?: Spread;
  readonly passes?: number; // steady ones, of all rounds
  /** Stopped at the deadline: `steady` holds what was measured up to there, a lower bound. */
  readonly stopped?: true;
  readonly leftBytes?: number; // multi-threaded: held when all threads have ended
}

type Pass = readonly [headNs: number, tailNs: number];

/** Of the later half: V8 compiles the rarer functions during tens of passes. */
const steadyOf = <T>(passes: readonly T[]): readonly T[] => passes.slice(passes.length >> 1);

const steadyMedian = (answer: TimeAnswer, part: (pass: Pass) => number): number =>
  spread(steadyOf(answer.passes).map(part)).median;

const wholePass =
  (opsPerPass: number) =>
  ([head, tail]: Pass): number =>
    (head + tail) / opsPerPass;

/** First and steady passes of a row, `opsPerPass` operations each. */
export function timeSpreads(
  answers: readonly Pick<TimeAnswer, "passes">[],
  opsPerPass: number,
): Required<Pick<TimeRow, "first" | "steady" | "passes">> {
  const whole = wholePass(opsPerPass);
  return {
    first: spread(answers.map((answer) => whole(answer.passes[0]))),
    steady: spread(answers.map((answer) => steadyMedian({ setupNs: 0, ...answer }, whole))),
    passes: answers.reduce((sum, answer) => sum + steadyOf(answer.passes).length, 0),
  };
}

/** Absent where a process had one pass only. */
function secondPass(answers: readonly TimeAnswer[], opsPerPass: number): Pick<TimeRow, "second"> {
  const passes = answers.flatMap((answer) => answer.passes.slice(1, 2));
  return passes.length > 0 ? { second: spread(passes.map(wholePass(opsPerPass))) } : {};
}

/** A case stopped at its deadline counts what it did, each operation at 3/2 words. */
function stoppedRow({ ns, words }: { ns: number; words: number }): Pick<TimeRow, "steady" | "stopped"> {
  return { steady: spread([ns / (words / 1.5)]), stopped: true };
}

export function timeRow(workload: string, stream: Stream, outcome: Outcome<TimeAnswer>): TimeRow {
  const { peer, answers, refused } = outcome;
  const row = { workload, peer };
  if (refused !== undefined) return { ...row, refused };
  const stopped = answers.find((answer) => answer.tooSlow)?.tooSlow;
  if (stopped) return { ...row, ...stoppedRow(stopped) };
  const { head, tail, setup } = stream;
  const opsPerPass = head.ops + tail.ops;
  return {
    ...row,
    ...timeSpreads(answers, opsPerPass),
    ...secondPass(answers, opsPerPass),
    steadyHead: spread(answers.map((answer) => steadyMedian(answer, ([headNs]) => headNs / head.ops))),
    ...(setup.ops > 0 ? { setup: spread(answers.map((answer) => answer.setupNs / setup.ops)) } : {}),
  };
}

export async function caseRequest(options: Options, workload: Workload): Promise<CaseRequest> {
  return {
    ...{ mode: "time", peer: "", stream: await streamFile(workload) },
    minPasses: options.quick ? 3 : 6,
    maxPasses: 200,
    budgetMs: options.budgetMs,
    deadlineMs: options.quick ? 8000 : 30_000,
    ballast: workload.ballast ?? 0,
    clock: options.cpu ? "cpu" : "wall",
  };
}

/** One row for each peer; `tick` is called after each process. */
export async function measureTime(
  options: Options,
  workload: Workload,
  peers: readonly Peer[],
  tick: (peer: string) => void,
): Promise<TimeRow[]> {
  const request = await caseRequest(options, workload);
  const contestants = peers.map((peer) => ({ ...peer, command: peer.command("time", request) }));
  const outcomes = await runRounds<TimeAnswer>(contestants, {
    ...{ rounds: options.rounds, tick },
    timeoutMs: request.deadlineMs * 2 + 10_000,
    enough: (answer) => answer.tooSlow !== undefined,
  });
  const stream = readStream(request.stream);
  return outcomes.map((outcome) => timeRow(workload.id, stream, outcome));
}
