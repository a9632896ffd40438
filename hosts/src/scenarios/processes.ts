// One heap in a file for several processes, of this host and of Node, killed by SIGKILL while they allocate: what they had comes home,
// what was there stays. Where the host has no way to share files, a typed error.

import type { HeapHandle, MemoryPool } from "offheap";
import { equal, isWhole, ok } from "../expect.ts";
import { readFill, writeFill } from "../fill.ts";
import type { Scenario, Scenarios } from "../harness.ts";
import type { Host, Job, Program, SharedFiles } from "../host.ts";
import { kept, type ProcessOrders } from "../kept.ts";

const rounds = 3;
const options = { capacity: 16 * 2 ** 20, maxWorkers: 8, live: true };

interface JoinOrders {
  readonly handle: HeapHandle;
  readonly osSpecifier: string;
}

export const jobs: Record<string, Job> = {
  /** A thread of the process that has the file open. */
  "processes: join": async ({ MemoryPool }, port, data) => {
    const { handle, osSpecifier } = data as JoinOrders;
    const { loadOs } = (await import(osSpecifier)) as typeof import("offheap/os");
    const heap = MemoryPool.attach(handle, { os: loadOs() });
    readFill(heap, heap.roots.get(kept.name)?.address as number, kept.bytes, kept.id);
    const addresses = Array.from({ length: 1000 }, (_, i) => heap.allocate(8 + i));
    for (const address of addresses) heap.deallocate(address);
    const count = heap.processes().length;
    heap.detach();
    port.post(count);
  },
};

type Processes = typeof import("offheap/process");

interface Shared extends Processes {
  readonly Ring: typeof import("offheap/ring")["Ring"];
}

async function load({ specifier, ring }: SharedFiles): Promise<Shared> {
  const [processes, { Ring }] = await Promise.all([
    import(specifier) as Promise<Processes>,
    import(ring) as Promise<typeof import("offheap/ring")>,
  ]);
  return { ...processes, Ring };
}

/** A folder in memory, where there is one, for as long as it is used. */
async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const { existsSync, mkdtempSync, rmSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const folder = mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/offheap-hosts-`);
  await use(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

async function startProcess({ path, args }: Program, orders: ProcessOrders) {
  const { spawn } = await import("node:child_process");
  const { fileURLToPath } = await import("node:url");
  const file = fileURLToPath(new URL("../heap-process.js", import.meta.url));
  const child = spawn(path, [...args, file, JSON.stringify(orders)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const end = new Promise<unknown>((resolve) => {
    child.on("exit", (code, signal) => resolve(signal ?? code));
  });
  return { child, end };
}

/** A process comes, works, and is killed; whoever is left finds the heap whole. */
async function killOne(
  shared: Shared,
  heap: MemoryPool,
  program: Program,
  orders: ProcessOrders,
): Promise<void> {
  const ring = shared.Ring.attach(heap, heap.roots.get("ring") as never);
  const { child, end } = await startProcess(program, orders);
  // Blocks this thread until the other process wakes it.
  ok(ring.wait({ timeout: 60_000 }), "a message of the other process");
  const message = ring.receive();
  equal(message?.tag, child.pid, "the number of the process that has sent it");
  heap.deallocate(message?.address as number);
  equal(heap.processes().length, 2, "processes that have the file open");
  const until = Date.now() + 50 + 40 * (orders.seed % 7);
  while (Date.now() < until) heap.deallocate(heap.allocate(1 + (Date.now() % 9000)));
  ok(heap.stats().liveObjects > 10, "the other process has objects");
  child.kill("SIGKILL");
  equal(await end, "SIGKILL", "how it has ended");
  equal(heap.processes().length, 1, "processes, when one was killed");
  heap.cleanup();
  equal(heap.stats().workers.length, 1, "workers, when the dead are reaped");
  equal(heap.check(), [], "check()");
}

function sharedWith(files: SharedFiles, program: Program): Scenario {
  return (host) =>
    inFolder(async (folder) => {
      const shared = await load(files);
      const path = `${folder}/shared.heap`;
      const heap = shared.openHeap(path, options);
      equal(shared.fileOf(heap).was, "new", "how the file was found");
      const address = heap.allocate(kept.bytes);
      writeFill(heap, address, kept.bytes, kept.id);
      heap.disown(address);
      heap.roots.set(kept.name, { kind: "bytes", address });
      const ring = new shared.Ring(heap, { capacity: 8 });
      heap.roots.set("ring", ring.handle);
      for (let round = 0; round < rounds; round++) {
        const orders = { specifier: files.specifier, ring: files.ring, path, seed: 1000 * round + round };
        await killOne(shared, heap, program, orders);
      }
      await joinByThread(host, heap);
      heap.roots.delete("ring");
      ring.close();
      ring.destroy();
      shared.closeHeap(heap);
      lookAgain(shared, path);
    });
}

async function joinByThread({ start, osSpecifier }: Host, heap: MemoryPool): Promise<void> {
  const thread = await start("processes: join", { handle: heap.handle, osSpecifier } satisfies JoinOrders);
  equal(await thread.next(), 1, "processes, as a thread of this one sees them");
  equal(heap.check(), [], "check(), when a thread has left");
}

/** What is in the file, when nobody has it open any more. */
function lookAgain({ openHeap, fileOf, closeHeap, removeHeap }: Shared, path: string): void {
  const heap = openHeap(path, { check: true });
  equal(fileOf(heap).was, "killed", "how the file was left");
  const address = heap.roots.get(kept.name)?.address as number;
  readFill(heap, address, kept.bytes, kept.id);
  heap.roots.delete(kept.name);
  heap.deallocate(address);
  // What named it is retired, and goes at a clean-up.
  heap.cleanup();
  isWhole(heap);
  closeHeap(heap);
  ok(removeHeap(path), "its name is taken away");
}

function refused({ specifier }: SharedFiles): Scenario {
  return async () => {
    const { openHeap } = (await import(specifier)) as Processes;
    try {
      openHeap("/never-made.heap", options);
    } catch (error) {
      equal((error as { code?: string }).code, "ERR_OS_UNAVAILABLE", `code of ${String(error)}`);
      return;
    }
    throw new Error("a heap was opened where none should be");
  };
}

/** @param files undefined where nothing is said about them, as in a page */
export function processScenarios(files: SharedFiles | undefined): Scenarios {
  if (files === undefined) return {};
  if (!files.areThere) return { "offheap/process: refused, with a reason": refused(files) };
  return Object.fromEntries(
    files.programs.map((program) => [
      `offheap/process: a heap shared with ${program.name}, ${rounds} of which are killed`,
      sharedWith(files, program),
    ]),
  );
}
