// What is stepped through: calls of each kind, in a heap so small that magazines fill and run empty after some of them.

import { MemoryPool, type SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import { Records, type RecordsHandle, struct, u32 } from "offheap/records";
import { Ring } from "offheap/ring";

export type Heap = MemoryPool | SlabAllocator;
type Engine = "wasm" | "js";
/** One call of the library. */
export type Call = () => void;

export interface StepCase {
  readonly kind: "pool" | "slab";
  /** In bytes. */
  readonly capacity: number;
  /** Times that all calls are made before they are stepped through; 3,000 if not said. */
  readonly warmUp?: number;
  /** What is called, in this order; what has been made lives in a list that the calls share. */
  calls(heap: Heap, engine: Engine): Call[];
}

const Visit = struct({ number: u32, visits: u32 });
const mebi = 2 ** 20;
export const maxWorkers = 4;

function allocateAndFree(heap: Heap, sizes: readonly number[], count: number): Call[] {
  const live: number[] = [];
  const calls: Call[] = [];
  for (const size of sizes) {
    const allocate = () => {
      live.push(heap.allocate(size));
    };
    for (let i = 0; i < count; i++) calls.push(allocate);
  }
  const free = () => heap.deallocate(live.pop() as number);
  for (let i = 0; i < sizes.length * count; i++) calls.push(free);
  return calls;
}

/** To other sizes and kinds of objects, in place and by a move. */
function reallocations(heap: Heap): Call[] {
  const pool = heap as MemoryPool;
  let address = 0;
  const to = (size: number) => () => {
    address = pool.reallocate(address as never, size);
  };
  const allocate = () => {
    address = pool.allocate(64);
  };
  const free = () => pool.deallocate(address as never);
  return [allocate, ...[1000, 12_000, 16_000, 40_000, 200].map(to), free];
}

function messages(heap: Heap): Call[] {
  const ring = new Ring(heap, { capacity: 8 });
  heap.roots.set("ring", ring.handle);
  const addresses: number[] = [];
  const allocate = () => {
    addresses.push(heap.allocate(64));
  };
  const send = () => {
    ring.send(addresses.pop() as number, 64, 1);
  };
  const write = () => {
    ring.write("a message");
  };
  const take = () => {
    ring.take();
  };
  const done = () => ring.done();
  const receive = () => {
    addresses.push(ring.receive()?.address as number);
  };
  const free = () => heap.deallocate(addresses.pop() as number);
  return [allocate, send, take, done, write, take, done, allocate, send, receive, free];
}

function records(heap: Heap): Call[] {
  const table = new Records(heap, Visit);
  heap.roots.set("records", table.handle);
  const handles: number[] = [];
  const create = () => {
    handles.push(table.create());
  };
  const publish = () => table.publish(handles.at(-1) as number);
  const free = () => table.free(handles.pop() as number);
  return [create, create, publish, free, free, create, publish, free];
}

/** A second worker of the same thread. */
function join(heap: Heap, engine: Engine): Heap {
  return MemoryPool.attach(heap.handle, { os: loadOs(), engine });
}

/** A second worker joins, leaves rounds in magazines of its own, and detaches. */
function comings(heap: Heap, engine: Engine): Call[] {
  let other: Heap;
  let addresses: number[];
  const attach = () => {
    other = join(heap, engine);
  };
  const use = () => {
    addresses = [64, 64, 1000].map((size) => other.allocate(size));
    for (const address of addresses) other.deallocate(address);
  };
  return [attach, use, () => other.detach()];
}

/** A second worker is taken for dead: it has objects, rounds in its magazines, and a message in its hands, which goes back. */
function reaping(heap: Heap, engine: Engine): Call[] {
  const ring = new Ring(heap, { capacity: 8 });
  heap.roots.set("ring", ring.handle);
  let other: Heap;
  const attach = () => {
    other = join(heap, engine);
  };
  const use = () => {
    for (const size of [64, 64, 1000, 12_000]) other.allocate(size);
    const there = Ring.attach(other, ring.handle);
    there.write("a message");
    there.take();
  };
  const reap = () => {
    heap.reap(other.workerId, { live: true });
  };
  const receive = () => {
    ring.take();
    ring.done();
  };
  return [attach, use, reap, receive];
}

export const stepCases: Readonly<Record<string, StepCase>> = {
  slab: { kind: "slab", capacity: mebi, calls: (heap) => allocateAndFree(heap, [64], 48) },
  pool: { kind: "pool", capacity: mebi, calls: (heap) => allocateAndFree(heap, [40, 1000], 12) },
  large: {
    kind: "pool",
    capacity: 2 * mebi,
    calls: (heap) => allocateAndFree(heap, [12_000, 40_000, 460_000], 2),
  },
  reallocate: { kind: "pool", capacity: mebi, calls: reallocations },
  ring: { kind: "pool", capacity: mebi, calls: messages },
  records: { kind: "pool", capacity: mebi, calls: records },
  detach: { kind: "pool", capacity: mebi, warmUp: 500, calls: comings },
  reap: { kind: "pool", capacity: mebi, warmUp: 500, calls: reaping },
};

/** Ends what no worker's death ends: messages on their way, and records that were published. */
export function endTheRest(heap: Heap): void {
  const [ring, table] = ["ring", "records"].map((name) => heap.roots.get(name));
  if (ring !== undefined) {
    const there = Ring.attach(heap, ring);
    while (there.take() !== undefined) there.done();
  }
  if (table === undefined) return;
  const there = Records.attach(heap, { ...table, version: heap.handle.version } as RecordsHandle, Visit);
  for (const { handle } of there) there.free(handle);
}
