// Calls with arguments of every kind, on heaps of several shapes, against a model: which objects are live.
// A call does what the model says, or throws a documented code and leaves every byte as it was.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SlabAllocator } from "offheap";
import { CallBench, call } from "./support/fuzz/call-bench.ts";
import { anything, notNumber, oddNumber, outcome, rest, runs } from "./support/fuzz/values.ts";
import { wasmMemory } from "./support/wasm.ts";

function within(capacity: number, offset: number): SlabAllocator {
  const memory = wasmMemory(32 + offset / 65_536, 65_536, true);
  return new SlabAllocator({ memory, offset, capacity, maxWorkers: 3 });
}

const shapes: Record<string, { make: () => SlabAllocator; books: boolean; count: number }> = {
  "2 MiB": { make: () => new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 }), books: false, count: 60 },
  "1 MiB, odd classes": {
    make: () =>
      new SlabAllocator({
        capacity: 1 << 20,
        maxWorkers: 4,
        sizeClasses: [24, 40, 1000, 9008],
        cleanupInterval: 1,
      }),
    books: false,
    count: 60,
  },
  "2 MiB in the middle of a memory": { make: () => within(2 << 20, 5 * 65_536), books: false, count: 40 },
  "below 2^32": { make: () => within(2 << 20, 2 ** 32 - (2 << 20)), books: false, count: 40 },
  "64 MiB": { make: () => new SlabAllocator({ capacity: 64 << 20, maxWorkers: 4 }), books: true, count: 15 },
};

describe("any call, with any argument, is right or refused", () => {
  for (const [name, { make, books, count }] of Object.entries(shapes)) {
    it(name, async () => {
      await fc.assert(
        fc
          .asyncProperty(fc.array(call, { minLength: 1, maxLength: 60, size: "max" }), async (calls) => {
            const bench = new CallBench(make(), books);
            for (const made of calls) bench.run(made);
            bench.finish();
          })
          .afterEach(rest),
        runs(count),
      );
    });
  }
});

describe("after the end", () => {
  const afterwards = fc.record({ address: anything, size: anything, all: anything });
  const codes = ["ERR_DETACHED"] as const;

  function expectOver(allocator: SlabAllocator): void {
    fc.assert(
      fc.property(afterwards, (values) => {
        const [address, given, all] = [values.address, values.size, values.all].map((some) => some.value());
        for (const act of [
          () => allocator.allocate(given as number),
          () => allocator.deallocate(address as number, given as number),
          () => allocator.sizeOf(address as number),
          () => allocator.adopt(address as number),
          () => allocator.reap(address as number),
          () => allocator.track(all as never),
          () => allocator.cleanup(),
          () => allocator.stats(),
          () => allocator.check(),
        ]) {
          assert.ok(outcome(codes, act), `${act} returned`);
        }
        allocator.detach();
        allocator[Symbol.dispose]();
      }),
      runs(200),
    );
  }

  it("of a worker, whatever is asked", () => {
    const first = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 });
    const second = SlabAllocator.attach(first.handle);
    second.allocate(64);
    second.detach();
    expectOver(second);
    first.destroy();
  });

  it("of the heap, whatever is asked", () => {
    const first = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 });
    const second = SlabAllocator.attach(first.handle);
    second.deallocate(second.allocate(64));
    first.destroy();
    expectOver(first);
    expectOver(second);
  });
});

describe("track", () => {
  it("takes a started worker, or a worker's id, and nothing else", () => {
    const allocator = new SlabAllocator({ capacity: 2 << 20, maxWorkers: 2 });
    const part = fc.oneof(oddNumber, notNumber);
    const listener = fc.oneof(notNumber, fc.constant({ name: "a listener", value: () => () => undefined }));
    const worker = fc.record({ threadId: part, once: listener });
    fc.assert(
      fc.property(fc.oneof(part, worker), (candidate) => {
        const isMade = "threadId" in candidate;
        const threadId = isMade ? candidate.threadId.value() : undefined;
        const once = isMade ? candidate.once.value() : undefined;
        const isThread = typeof threadId === "number" && Number.isInteger(threadId) && threadId >= 0;
        const isWorker = isThread && threadId < 2 ** 27 - 1 && typeof once === "function";
        const made = isMade ? { threadId, once } : candidate.value();
        const place = typeof made === "number" && Number.isSafeInteger(made) && made > 0 ? made % 128 : 0;
        // The id of a worker that is not there: there is nothing to wait for.
        const isId = place >= 1 && place <= 126 && made !== allocator.workerId;
        const error = outcome(["ERR_INVALID_WORKER", "ERR_TOO_MANY_WORKERS"], () =>
          allocator.track(made as never),
        );
        if (!isWorker && !isId) assert.equal(error?.code, "ERR_INVALID_WORKER");
      }),
      runs(400),
    );
    allocator.destroy();
  });
});
