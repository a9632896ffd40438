/** What a loop costs on the first, the second and the third heap that it meets in one process. */
import type { HeapsAnswer } from "../case/protocol.ts";
import type { Options } from "../options.ts";
import { readStream } from "../stream/format.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Peer } from "./cases.ts";
import { runRounds } from "./rounds.ts";
import type { Spread } from "./summary.ts";
import { caseRequest, timeSpreads } from "./time.ts";

export interface HeapsRow {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
  /** Steady ns an operation on each heap in turn; the spread is over the rounds. */
  readonly heaps?: readonly Spread[];
}

/** Fine classes, as one allocator and in the pool, and what any allocator in JavaScript pays. */
export const heapsPeers: readonly string[] = ["offheap-fine", "offheap-pool", "bare"];

export function heapsRow(
  workload: string,
  peer: string,
  answers: readonly HeapsAnswer[],
  opsPerPass: number,
): HeapsRow {
  const heaps = answers[0].heaps.map((_, index) => {
    const ofHeap = answers.map((answer) => answer.heaps[index]);
    return timeSpreads(ofHeap, opsPerPass).steady;
  });
  return { workload, peer, heaps };
}

export async function measureHeaps(
  options: Options,
  workload: Workload,
  peers: readonly Peer[],
  tick: (peer: string) => void,
): Promise<HeapsRow[]> {
  const request = await caseRequest(options, workload);
  const contestants = peers.map((peer) => ({ ...peer, command: peer.command("heaps", request) }));
  const { rounds } = options;
  const outcomes = await runRounds<HeapsAnswer>(contestants, { rounds, tick, timeoutMs: 120_000 });
  const { head, tail } = readStream(request.stream);
  return outcomes.map(({ peer, answers, refused }) => {
    const id = `heaps/${workload.id}`;
    return refused === undefined
      ? heapsRow(id, peer, answers, head.ops + tail.ops)
      : { workload: id, peer, refused };
  });
}
