/** A heap that processes share: hand-over, opening, allocation. */
import { fileURLToPath } from "node:url";
import type { ProcessesAnswer, ProcessesRequest } from "../case/protocol.ts";
import { type Options, peerSelected } from "../options.ts";
import { runRounds } from "./rounds.ts";
import { median } from "./summary.ts";

const caseMain = fileURLToPath(new URL("../case/main.js", import.meta.url));

export interface ProcessesRow extends Partial<ProcessesAnswer> {
  readonly workload: string;
  readonly peer: string;
  readonly refused?: string;
}

export interface ProcessesWorkload {
  readonly id: string;
  readonly title: string;
  readonly peers: readonly string[];
  readonly request: Omit<ProcessesRequest, "mode" | "peer">;
}

const ways = ["ring", "ring-many", "ring-copy", "send-json", "send-advanced", "socket", "lmdb"];

export const processesWorkloads: readonly ProcessesWorkload[] = [
  ...[64, 4096, 65_536].map((bytes) => ({
    id: `processes/${bytes}`,
    title: `messages of ${bytes.toLocaleString("en")} bytes to another process`,
    peers: ways,
    request: { what: "hand-over" as const, bytes, count: 0 },
  })),
  ...[50_000, 5_000_000].map((count) => ({
    id: `processes/open-${count}`,
    title: `${count.toLocaleString("en")} records, until a new program can read them`,
    peers: ["mapped", "mapped-again", "loaded-records", "loaded-objects"],
    request: { what: "open" as const, bytes: 0, count },
  })),
  ...[64, 0].map((bytes) => ({
    id: `processes/replace-${bytes === 0 ? "mixed" : bytes}`,
    title: `an object of ${bytes === 0 ? "16 to 1,024" : bytes} bytes freed and another allocated`,
    peers: ["mapped", "ordinary"],
    request: { what: "replace" as const, bytes, count: 0 },
  })),
];

export const takingPart = (options: Options, { peers }: ProcessesWorkload): string[] =>
  peers.filter((peer) => peerSelected(options, peer));

export async function measureProcesses(
  options: Options,
  workload: ProcessesWorkload,
  tick: (peer: string) => void,
): Promise<ProcessesRow[]> {
  const contestants = takingPart(options, workload).map((peer) => {
    const request: ProcessesRequest = { mode: "processes", peer, ...workload.request };
    return { id: peer, command: { program: options.node, args: [caseMain, JSON.stringify(request)] } };
  });
  const outcomes = await runRounds<ProcessesAnswer>(contestants, {
    rounds: options.rounds,
    tick,
    timeoutMs: 180_000,
  });
  return outcomes.map(({ peer, answers, refused }) => {
    const row = { workload: workload.id, peer };
    if (refused !== undefined) return { ...row, refused };
    const keys = Object.keys(answers[0] as ProcessesAnswer) as (keyof ProcessesAnswer)[];
    const medians = keys.map((key) => [key, median(answers.map((answer) => answer[key] as number))] as const);
    return { ...row, ...(Object.fromEntries(medians) as unknown as ProcessesAnswer) };
  });
}
