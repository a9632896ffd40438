/** The multi-threaded workloads: offheap's workers against native threads, in turn. */
import { fileURLToPath } from "node:url";
import { compile } from "../native/compile.ts";
import { nativePeers } from "../native/libraries.ts";
import { type Options, peerSelected } from "../options.ts";
import { readStream } from "../stream/format.ts";
import type { ThreadsAnswer, ThreadsRequest } from "../threads/protocol.ts";
import type { ThreadedWorkload } from "../workloads/threaded.ts";
import { streamFile } from "../workloads/workload.ts";
import type { Command } from "./process.ts";
import { type Contestant, runRounds } from "./rounds.ts";
import { median } from "./summary.ts";
import { type TimeRow, timeSpreads } from "./time.ts";

const main = fileURLToPath(new URL("../threads/main.js", import.meta.url));
const CAPACITY_BYTES = 2 ** 30;

export function threadedContestants(options: Options, request: ThreadsRequest): Contestant[] {
  const program = compile("threads");
  const { kind, passes, streams } = request;
  const args = [kind, String(streams.length), String(passes), ...streams];
  const native = nativePeers(options.native).map((peer): Contestant => {
    const missing = program.missing ?? peer.missing;
    const env = { ...peer.env, ...(peer.library ? { LD_PRELOAD: peer.library } : {}) };
    const command: Command = { program: program.path ?? "", args, env };
    return { id: peer.id, command, ...(missing ? { missing } : {}) };
  });
  const command = { program: options.node, args: ["--no-warnings", main, JSON.stringify(request)] };
  return [{ id: "offheap", command }, ...native].filter(({ id }) => peerSelected(options, id));
}

export async function measureThreads(
  options: Options,
  workload: ThreadedWorkload,
  tick: (peer: string) => void,
): Promise<TimeRow[]> {
  const { id, kind } = workload;
  const streams = await Promise.all(workload.streams.map(streamFile));
  const passes = options.quick ? 8 : 20;
  const request = { kind, passes, streams, capacity: CAPACITY_BYTES };
  const contestants = threadedContestants(options, request);
  const { rounds } = options;
  const outcomes = await runRounds<ThreadsAnswer>(contestants, { rounds, tick, timeoutMs: 60_000 });
  const ops = workload.opsPerPass(readStream(streams[0]));
  return outcomes.map(({ peer, answers, refused }) => {
    if (refused !== undefined) return { workload: id, peer, refused };
    const leftBytes = median(answers.map((answer) => answer.leftBytes));
    return { workload: id, peer, ...timeSpreads(answers, ops), leftBytes };
  });
}
