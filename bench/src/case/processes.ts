/** A heap that processes share: messages to another process and back, the opening of a full one, allocate and free in one. */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MemoryPool } from "offheap";
import { closeHeap, openHeap } from "offheap/process";
import { Ring } from "offheap/ring";
import { PASSES } from "./message-lines.ts";
import { lineOf, type ProcessLine, shareFolder } from "./processes-lines.ts";
import { replaceNs } from "./processes-loops.ts";
import { openCase } from "./processes-open.ts";
import type { ProcessesAnswer, ProcessesRequest } from "./protocol.ts";
import { nowNs } from "./run.ts";

const other = fileURLToPath(new URL("./processes-other.js", import.meta.url));

/** Messages of a pass, about a second or less of the slower ways. */
export const mailOf = ({ peer, bytes }: ProcessesRequest): number => {
  if (peer.startsWith("ring")) return Math.round(1e9 / (3000 + bytes));
  return Math.round(2e8 / (10_000 + 2 * bytes));
};

async function handOver(request: ProcessesRequest, folder: string): Promise<ProcessesAnswer> {
  const { peer } = request;
  const pool = openHeap(join(folder, "heap"), { capacity: 2 ** 28 });
  for (const name of ["there", "back"]) pool.roots.set(name, new Ring(pool).handle);
  const child = fork(other, [JSON.stringify({ ...request, folder })], {
    serialization: peer === "send-advanced" ? "advanced" : "json",
    execArgv: [],
  });
  const said = (): Promise<unknown> => new Promise((resolve) => child.once("message", resolve));
  await said();
  const line = await lineOf(request, { folder, pool, isChild: false, port: child as never });
  const count = mailOf(request);
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < PASSES; pass++) {
    const done = said();
    const began = nowNs();
    for (let number = 1; number <= count; number++) if (!line.send(number)) await line.drained();
    line.flush?.();
    await done;
    least = Math.min(least, nowNs() - began);
  }
  const trips = await roundTrips(line, peer.startsWith("ring") ? 4000 : 1000);
  child.kill("SIGKILL");
  await line.close();
  closeHeap(pool);
  const at = (share: number): number => trips[Math.floor(trips.length * share)] as number;
  return { ns: least / count, p50Ns: at(0.5), p99Ns: at(0.99) };
}

async function roundTrips(line: ProcessLine, count: number): Promise<number[]> {
  const trips: number[] = [];
  for (let number = 1; number <= count; number++) {
    const began = nowNs();
    line.send(number);
    line.flush?.();
    const back = line.receive?.() ?? (await line.next());
    trips.push(nowNs() - began);
    if (back !== number) throw new Error(`message ${number} came back as ${back}`);
  }
  return trips.sort((a, b) => a - b);
}

/** Allocate and free in steady state, in a heap in a file and in an ordinary one. */
function replaceCase({ peer, bytes }: ProcessesRequest, folder: string): ProcessesAnswer {
  const capacity = 2 ** 28;
  const isMapped = peer === "mapped";
  const pool = isMapped ? openHeap(join(folder, "heap"), { capacity }) : new MemoryPool({ capacity });
  const ns = replaceNs(pool, bytes);
  if (isMapped) closeHeap(pool);
  return { ns };
}

export async function processesCase(request: ProcessesRequest): Promise<ProcessesAnswer> {
  const folder = mkdtempSync(join(shareFolder(), "offheap-bench-"));
  try {
    if (request.what === "hand-over") return await handOver(request, folder);
    return request.what === "open" ? openCase(request, folder) : replaceCase(request, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
