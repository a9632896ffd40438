// One process of the tests of `offheap/process`. What it is to do stands in its argument, as JSON; it writes a line when it has
// begun, and lines of what it has found.

import { type AllocatorError, MemoryPool, type SlabAllocator } from "offheap";
import { loadOs, type Os } from "offheap/os";
import { closeHeap, fileOf, openHeap, openMemory, removeHeap } from "offheap/process";
import { Ring } from "offheap/ring";
import type { ProcessOrders } from "./processes.ts";
import { Random } from "./random.ts";

const orders = JSON.parse(process.argv[2] ?? "{}") as ProcessOrders;
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);

function open(): MemoryPool | SlabAllocator {
  const { path, capacity, kind = "pool" } = orders;
  const options = { live: true, maxWorkers: 8, ...(capacity === undefined ? {} : { capacity }) };
  return kind === "pool"
    ? openHeap(path, { ...options, kind })
    : openHeap(path, { ...options, kind: "slab" });
}

/** Allocates, fills, verifies and frees at random, until it is killed. */
function storm(): void {
  const heap = open();
  const random = new Random(orders.seed ?? 1);
  const most = heap instanceof MemoryPool ? 40_000 : 8_000;
  const live: { address: number; size: number; fill: number }[] = [];
  say("begun");
  for (;;) {
    if (live.length < 300 && (live.length < 50 || random.below(2) === 0)) {
      const size = random.below(4) === 0 ? 1 + random.below(most) : 1 + random.below(200);
      const address = heap.allocate(size);
      const fill = random.below(256);
      heap.u8.fill(fill, address, address + size);
      live.push({ address, size, fill });
    } else {
      const at = random.below(live.length);
      const { address, size, fill } = live[at] as (typeof live)[number];
      for (let i = address; i < address + size; i++)
        if (heap.u8[i] !== fill) fail(`byte ${i} of the object at ${address} is ${heap.u8[i]}, not ${fill}`);
      heap.deallocate(address);
      live[at] = live.at(-1) as (typeof live)[number];
      live.pop();
    }
  }
}

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}

/** Has the heap open until its input ends. */
function hold(): void {
  const heap = open();
  for (let i = 0; i < (orders.count ?? 0); i++) heap.allocate(64);
  say({ workerId: heap.workerId, pid: process.pid });
  process.stdin.resume();
  process.stdin.once("end", () => {
    closeHeap(heap);
    process.exit(0);
  });
}

/** Opens the heap, and dies before the so-manieth call of the operating system. */
function dieAtCall(): void {
  const os = loadOs();
  const calls = os.processes.calls;
  if (calls === undefined) fail("no calls");
  let left = orders.count ?? 0;
  const counted = Object.entries(calls).map(([name, call]) => {
    if (typeof call !== "function") return [name, call];
    const cut = (...args: never[]): unknown => {
      if (--left < 0) process.kill(process.pid, "SIGKILL");
      return (call as (...args: never[]) => unknown)(...args);
    };
    return [name, cut];
  });
  const dying: Os = { ...os, processes: { ...os.processes, calls: Object.fromEntries(counted) } };
  const heap = openHeap(orders.path, { capacity: orders.capacity ?? 2 ** 21, os: dying });
  heap.allocate(100);
  dying.processes.calls?.isLocked(0, 1);
  closeHeap(heap);
  say("closed");
}

/** Waits until as many have come to a gate: awake at first, so that all go on at one moment. */
function pass(gate: Int32Array, index: number, all: number): void {
  for (let looks = 0; Atomics.load(gate, index) < all; looks++)
    if (looks > 20_000) Atomics.wait(gate, 7, 0, 0.1);
}

/** Opens one file after another at the same moment as others, each by the number that all have reached. */
function race(): void {
  const { path, count = 0, others = 1 } = orders;
  const gate = new Int32Array(openMemory(`${path}.gate`).buffer, 131_072, 8);
  const outcomes: Record<string, number> = {};
  for (let round = 0; round < count; round++) {
    Atomics.add(gate, 0, 1);
    pass(gate, 0, (round + 1) * others);
    const heap = openHeap(path, { capacity: 2 ** 20, maxWorkers: 4, kind: "slab" });
    const { was } = fileOf(heap);
    outcomes[was] = (outcomes[was] ?? 0) + 1;
    const address = heap.allocate(64);
    heap.u32.fill(orders.seed ?? 0, address / 4, address / 4 + 16);
    // Both are in it, and then both look: nobody has what the other has.
    Atomics.add(gate, 1, 1);
    pass(gate, 1, (round + 1) * others);
    if (!heap.u32.subarray(address / 4, address / 4 + 16).every((word) => word === orders.seed))
      fail("an object of two processes");
    if (heap.stats().liveObjects !== others) fail(`${heap.stats().liveObjects} objects in round ${round}`);
    Atomics.add(gate, 2, 1);
    pass(gate, 2, (round + 1) * others);
    closeHeap(heap);
    Atomics.add(gate, 3, 1);
    pass(gate, 3, (round + 1) * others);
    // The others wait for it before they open the next.
    if (orders.seed === 1) removeHeap(path);
  }
  say(outcomes);
}

/** Receives and holds a message, and is killed. */
function take(): void {
  const heap = open();
  const ring = Ring.attach(heap, heap.roots.get("ring") as never);
  ring.wait();
  say({ tag: ring.take()?.tag });
  process.stdin.resume();
}

/** Sends back what comes, until the ring is closed. */
function echo(): void {
  const heap = open();
  const [to, from] = ["to", "from"].map((name) => Ring.attach(heap, heap.roots.get(name) as never)) as [
    Ring,
    Ring,
  ];
  say("begun");
  for (;;) {
    to.wait();
    const message = to.receive();
    if (message === undefined) break;
    from.send(message.address, message.length, message.tag + 1);
  }
  closeHeap(heap);
}

/** A program that counts, in an object with a name, and is killed now and then. */
function count(): void {
  const heap = open();
  let at = heap.roots.get("count")?.address;
  if (at === undefined) {
    at = heap.allocate(8);
    heap.u32.fill(0, at / 4, at / 4 + 2);
    heap.disown(at);
    heap.roots.set("count", { kind: "count", address: at });
  }
  say(heap.u32[at / 4]);
  for (;;) Atomics.add(heap.u32, at / 4, 1);
}

/** Opens the heap, and says how that went. */
function tell(): void {
  try {
    const heap = open();
    say({ was: fileOf(heap).was, live: heap.stats().liveObjects });
    closeHeap(heap);
  } catch (error) {
    say({ code: (error as AllocatorError).code, message: (error as AllocatorError).message });
  }
}

const roles = { storm, hold, dieAtCall, race, take, echo, count, tell };
roles[orders.role]();
