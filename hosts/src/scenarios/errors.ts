// Wrong calls: a typed error each, and the heap as it was.

import type { ErrorCode, HeapHandle, MemoryPool, SlabAllocator } from "offheap";
import { equal, isWhole, throwsCode } from "../expect.ts";
import type { Scenario, Scenarios } from "../harness.ts";
import type { Job, Library } from "../host.ts";

type Call = () => unknown;

const notSizes: unknown[] = [0, -1, 1.5, Number.NaN, 2 ** 40, "8", 8n, null, undefined, {}];
const notAddresses: unknown[] = [-8, 0.5, 4, 2 ** 40, "8", 8n, null, undefined, {}];

function wrongSlabCalls(heap: SlabAllocator): [ErrorCode, Call][] {
  const live = heap.allocate(100);
  const freed = heap.allocate(100);
  heap.deallocate(freed);
  const none = undefined as never;
  return [
    ...notSizes.map((size): [ErrorCode, Call] => ["ERR_INVALID_SIZE", () => heap.allocate(size as never)]),
    ...notAddresses.map((at): [ErrorCode, Call] => [
      "ERR_INVALID_ADDRESS",
      () => heap.deallocate(at as never),
    ]),
    ["ERR_INVALID_ADDRESS", () => heap.deallocate(live + 8)],
    ["ERR_INVALID_ADDRESS", () => heap.sizeOf(live + 1)],
    ["ERR_DOUBLE_FREE", () => heap.deallocate(freed)],
    ["ERR_SIZE_MISMATCH", () => heap.deallocate(live, 1000)],
    ["ERR_INVALID_WORKER", () => heap.reap(heap.workerId)],
    ["ERR_INVALID_WORKER", () => heap.reap("1" as never)],
    ["ERR_INVALID_WORKER", () => heap.track({} as never)],
    ["ERR_INVALID_WORKER", () => heap.track(none)],
  ];
}

function wrongPoolCalls(pool: MemoryPool): [ErrorCode, Call][] {
  const large = pool.allocate(100_000);
  return [
    ["ERR_INVALID_ALIGNMENT", () => pool.allocate(8, { align: 3 })],
    ["ERR_INVALID_SIZE", () => pool.allocate(0)],
    ["ERR_INVALID_SIZE", () => pool.reallocate(large, -1)],
    ["ERR_INVALID_ADDRESS", () => pool.reallocate(large + 2048, 8)],
    ["ERR_SIZE_MISMATCH", () => pool.deallocate(large, 8)],
    ["ERR_OUT_OF_MEMORY", () => pool.allocate(3_300_000)],
  ];
}

function wrongOptions(
  { SlabAllocator, MemoryPool }: Library,
  memory: "shared" | "local",
): [ErrorCode, Call][] {
  return [
    ["ERR_INVALID_OPTION", () => new SlabAllocator({ memory, capacity: 8 })],
    ["ERR_INVALID_OPTION", () => new SlabAllocator({ memory, capacity: 2 ** 40 })],
    ["ERR_INVALID_OPTION", () => new SlabAllocator({ memory, sizeClasses: [7] })],
    ["ERR_INVALID_OPTION", () => new MemoryPool({ memory, maxWorkers: 1000 })],
    ["ERR_INVALID_OPTION", () => new MemoryPool({ memory: {} as never })],
    ["ERR_OS_UNAVAILABLE", () => new SlabAllocator({ memory, hugePages: true })],
  ];
}

/** Every call, and what was live before is live after it, with nothing broken. */
export function wrongCalls(memory: "shared" | "local"): Scenario {
  return ({ library }) => {
    const heap = new library.SlabAllocator({ capacity: 4 * 2 ** 20, memory });
    const pool = new library.MemoryPool({ capacity: 4 * 2 ** 20, memory });
    const calls = [...wrongSlabCalls(heap), ...wrongPoolCalls(pool), ...wrongOptions(library, memory)];
    for (const [code, call] of calls) throwsCode(library, code, call);
    equal([heap.check(), pool.check()], [[], []], "check()");
    equal([heap.stats().liveObjects, pool.stats().liveObjects], [1, 1], "live objects");
    fill(library, heap);
    heap.destroy();
    pool.destroy();
    throwsCode(library, "ERR_DETACHED", () => heap.allocate(8));
    throwsCode(library, "ERR_DETACHED", () => pool.allocate(8));
  };
}

/** Until nothing is left; what was had is then given back. */
function fill(library: Library, heap: SlabAllocator): void {
  const had: number[] = [];
  throwsCode(library, "ERR_OUT_OF_MEMORY", () => {
    for (;;) had.push(heap.allocate(8192));
  });
  for (const address of had) heap.deallocate(address, 8192);
  equal(heap.check(), [], "check() of a heap that was full");
}

export const jobs: Record<string, Job> = {
  /** Posts the codes of what it cannot do with a heap that has one place, which is taken. */
  "errors: too many": ({ SlabAllocator, AllocatorError }, port, data) => {
    try {
      SlabAllocator.attach(data as HeapHandle);
      port.post("attached");
    } catch (error) {
      port.post(error instanceof AllocatorError ? error.code : String(error));
    }
  },
};

export const scenarios: Scenarios = {
  "wrong calls: a typed error each": wrongCalls("shared"),

  "wrong handles: a typed error each": async ({ library, start }) => {
    const { SlabAllocator, MemoryPool } = library;
    const heap = new SlabAllocator({ capacity: 2 * 2 ** 20, maxWorkers: 1 });
    const { handle } = heap;
    for (const bad of [undefined, null, {}, { ...handle, version: 99 }, { ...handle, offset: 65_536 }]) {
      throwsCode(library, "ERR_INCOMPATIBLE_HEAP", () => SlabAllocator.attach(bad as HeapHandle));
    }
    throwsCode(library, "ERR_INCOMPATIBLE_HEAP", () => MemoryPool.attach(handle));
    throwsCode(library, "ERR_TOO_MANY_WORKERS", () => SlabAllocator.attach(handle));
    const worker = await start("errors: too many", handle);
    equal(await worker.next(), "ERR_TOO_MANY_WORKERS", "attaching in a worker");
    isWhole(heap);
    heap.destroy();
    throwsCode(library, "ERR_DETACHED", () => SlabAllocator.attach(handle));
  },
};
