// Workers that are killed while they allocate. Where the host proves a thread's end they are tracked, by the proof that
// it has, and come back whole; elsewhere track refuses, and a worker leaves by itself.

import type { HeapHandle, MemoryPool, TrackedWorker } from "offheap";
import { equal, isWhole, ok, throwsCode } from "../expect.ts";
import { readFill, writeFill } from "../fill.ts";
import type { Scenarios } from "../harness.ts";
import type { Host, HostWorker, Job } from "../host.ts";

interface Orders {
  readonly handle: HeapHandle;
  readonly seed: number;
  /** How often it allocates before it leaves; without, it goes on until it is killed. */
  readonly turns?: number;
}

const rounds = 5;
const workerCount = 3;
const capacity = 16 * 2 ** 20;
const stepsPerTurn = 3_000;
const mostLive = 300;
const sizes = [8, 8, 40, 40, 100, 100, 200, 700, 700, 4096, 20_000];

/** Whole numbers below a bound, the same for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % below;
  };
}

interface Live {
  readonly address: number;
  readonly bytes: number;
  readonly id: number;
}

/** Allocates and frees at random; each object is read again before its end. */
function churn(heap: MemoryPool, live: Live[], random: (below: number) => number, steps: number): void {
  for (let step = 0; step < steps; step++) {
    if (live.length < mostLive && random(2) === 0) {
      const bytes = sizes[random(sizes.length)] as number;
      const id = random(2 ** 20);
      try {
        const address = heap.allocate(bytes);
        writeFill(heap, address, bytes, id);
        live.push({ address, bytes, id });
      } catch (error) {
        if ((error as { code?: string }).code !== "ERR_OUT_OF_MEMORY") throw error;
      }
    } else if (live.length > 0) {
      const at = random(live.length);
      const { address, bytes, id } = live[at] as Live;
      readFill(heap, address, bytes, id);
      live[at] = live.at(-1) as Live;
      live.pop();
      heap.deallocate(address);
    }
  }
}

export const jobs: Record<string, Job> = {
  "death: churn": async ({ MemoryPool }, port, data) => {
    const { handle, seed, turns = Number.POSITIVE_INFINITY } = data as Orders;
    const heap = MemoryPool.attach(handle);
    port.post(heap.workerId);
    // A lock is had only by who returns to his event loop: until then, and then never again.
    await port.next();
    await new Promise((resolve) => setTimeout(resolve, 0));
    port.post("going");
    const live: Live[] = [];
    const random = randomFrom(seed);
    for (let turn = 0; turn < turns; turn++) churn(heap, live, random, stepsPerTurn);
    for (const { address } of live) heap.deallocate(address);
    heap.detach();
    port.post("left");
  },
};

type Tracked = "by its Worker" | "by its id" | "not at all";

/** What this host is said to prove, told apart from how the library tells it. */
function trackedOn({ name, workers }: Host): Tracked {
  const { process } = globalThis as { process?: unknown };
  if (name === "browser") return "by its id";
  return name === "deno" || workers === "web" || process === undefined ? "not at all" : "by its Worker";
}

interface LockQuery {
  readonly navigator: { readonly locks: { query(): Promise<{ held: { name: string }[] }> } };
}

/** Waits for the locks of all threads, the page's own among them, where they are what proves an end. */
async function untilLocked(tracked: Tracked): Promise<void> {
  if (tracked !== "by its id") return;
  const { navigator } = globalThis as unknown as LockQuery;
  for (let held = 0; held <= workerCount; ) {
    held = (await navigator.locks.query()).held.filter(({ name }) => name.startsWith("offheap ")).length;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function letGo(workers: readonly HostWorker[]): Promise<void> {
  for (const worker of workers) worker.post("go");
  for (const worker of workers) equal(await worker.next(), "going", "what a worker says before it works");
}

async function untilAlone(heap: MemoryPool): Promise<void> {
  while (heap.stats().workers.length > 1) await new Promise((resolve) => setTimeout(resolve, 5));
}

function startAll(host: Host, heap: MemoryPool, round: number, turns?: number): Promise<HostWorker[]> {
  return Promise.all(
    Array.from({ length: workerCount }, (_, i) => {
      const orders: Orders = {
        handle: heap.handle,
        seed: 100 * round + i,
        ...(turns !== undefined && { turns }),
      };
      return host.start("death: churn", orders);
    }),
  );
}

async function killTracked(host: Host, heap: MemoryPool, tracked: Tracked): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const workers = await startAll(host, heap, round);
    const ids = (await Promise.all(workers.map((worker) => worker.next()))) as number[];
    for (const [i, { native }] of workers.entries())
      heap.track(tracked === "by its id" ? (ids[i] as number) : (native as TrackedWorker));
    await untilLocked(tracked);
    await letGo(workers);
    await new Promise((resolve) => setTimeout(resolve, 40 + 30 * round));
    equal(heap.stats().workers.length, workerCount + 1, "workers that live");
    await Promise.all(workers.map((worker) => worker.terminate()));
    await untilAlone(heap);
    equal(heap.check(), [], `check() after ${workerCount} deaths`);
    const cached = heap.stats().sizeClasses.reduce((sum, each) => sum + each.cached, 0);
    equal(cached, 0, "slots cached by the dead");
    // What they had allocated is live, and nobody's.
    heap.reset();
    isWhole(heap);
    ok(heap.allocate(capacity / 2) > 0, "half of the heap in one object");
    heap.reset();
  }
}

async function refuseAndLeave(host: Host, heap: MemoryPool): Promise<void> {
  const workers = await startAll(host, heap, 0, 3);
  for (const worker of workers) {
    const id = (await worker.next()) as number;
    for (const what of [worker.native as TrackedWorker, id]) {
      const error = throwsCode(host.library, "ERR_INVALID_WORKER", () => heap.track(what));
      ok(/reap\(workerId\)|Worker/.test(error.message), `it says what to do: ${error.message}`);
    }
  }
  await letGo(workers);
  for (const worker of workers) equal(await worker.next(), "left", "what a worker says at its end");
  await untilAlone(heap);
}

export const scenarios: Scenarios = {
  "workers killed while they allocate": async (host) => {
    const heap = new host.library.MemoryPool({ capacity });
    const tracked = trackedOn(host);
    if (tracked === "not at all") await refuseAndLeave(host, heap);
    else await killTracked(host, heap, tracked);
    isWhole(heap);
    heap.destroy();
  },
};
