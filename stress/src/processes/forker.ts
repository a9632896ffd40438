// A process that has loaded everything, and compiled what a thread of the storm does by doing it in a heap of its own. It forks the
// processes of a round: so each of them is there within some milliseconds, and runs V8's machine code from its first call on.
//
//   standard input: the orders of one process a line          standard output: "ready"; "born PID"; "ended PID STATUS", as of waitpid
//
// V8 has no other threads here (forkerFlags of births.ts), for a fork copies none. What is forked opens the heap's file itself, and
// never comes back to this program's event loop: it is killed, or ends at once behind its last call.

import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { MemoryPool, SlabAllocator } from "offheap";
import { heapOffset } from "offheap/process";
import { Ring } from "offheap/ring";
import { Actor } from "./actor.ts";
import { liveAlone, type Orders } from "./life.ts";
import { Notes, type OpenedMemory } from "./notes.ts";
import { Sessions } from "./sessions.ts";
import { type Heap, type Shape, slabOptions } from "./shape.ts";

interface Koffi {
  load(path: null): {
    func(name: string, result: string, parameters: string[]): (...args: unknown[]) => number;
  };
}

const warmTurns = 3000;
const warmNoteBytes = 2 ** 17;
const [dieWithParent, sigkill, noWait, doFork] = [1, 9, 1, 11];
const [lowest, allBytes] = [2n ** 16n, 2n ** 47n - 2n ** 17n];

const libc = (createRequire(import.meta.url)("koffi") as Koffi).load(null);
const fork = libc.func("fork", "int", []);
const prctl = libc.func("prctl", "int", ["int", "size_t"]);
const getpid = libc.func("getpid", "int", []);
const madvise = libc.func("madvise", "int", ["uintptr_t", "size_t", "int"]);
const waitpid = libc.func("waitpid", "int", ["int", "_Out_ int *", "int"]);
// The engine's own end would wait for threads that were not forked.
const exitAtOnce = libc.func("_exit", "void", ["int"]);

/** A heap of this process alone, of the same shape. */
function privateHeap({ kind, engine, capacity, maxWorkers }: Shape): Heap {
  const options = { capacity, maxWorkers, engine };
  return kind === "pool" ? new MemoryPool(options) : new SlabAllocator({ ...options, ...slabOptions });
}

function warmUp(shape: Shape): void {
  const heap = privateHeap(shape);
  for (const name of ["first", "second"]) heap.roots.set(name, new Ring(heap, { capacity: 64 }).handle);
  new Sessions(heap, shape.records);
  const buffer = new SharedArrayBuffer(heapOffset + warmNoteBytes);
  const notes = new Notes({ buffer } as unknown as OpenedMemory);
  new Actor(heap, notes, { ...shape, cells: Math.min(shape.cells, notes.cells.cellCount) }, 1, 1).run(
    warmTurns,
  );
}

/**
 * Node's V8 asks the kernel not to copy its heap on a fork. The young objects are collected before, so that no page is added between
 * the two calls. The first refuses what is not mapped, after all that is.
 */
function forkWithHeap(): number {
  globalThis.gc?.({ type: "minor" });
  madvise(lowest, allBytes, doFork);
  return fork();
}

function live(orders: Orders): void {
  try {
    prctl(dieWithParent, sigkill);
    // Node has the number of the one that forked: two that are forked within one tick of the clock would be one process.
    Object.defineProperty(process, "pid", { value: getpid() });
    liveAlone(orders);
    exitAtOnce(0);
  } catch (error) {
    writeSync(2, `${error instanceof Error ? error.stack : error}\n`);
    exitAtOnce(1);
  }
}

function lookForTheDead(): void {
  for (;;) {
    const status = [0];
    const pid = waitpid(-1, status, noWait);
    if (pid <= 0) return;
    writeSync(1, `ended ${pid} ${status[0]}\n`);
  }
}

let isWarm = false;
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const orders = JSON.parse(line) as Orders;
  if (!isWarm) {
    // Twice: code that has met one heap alone is made anew for the next.
    for (let i = 0; i < 2; i++) warmUp(orders.shape);
    isWarm = true;
    setInterval(lookForTheDead, 1);
    writeSync(1, "ready\n");
    return;
  }
  const pid = forkWithHeap();
  if (pid === 0) live(orders);
  writeSync(1, `born ${pid}\n`);
});
lines.on("close", () => process.exit(0));
