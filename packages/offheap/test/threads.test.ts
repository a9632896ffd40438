// Real workers on one heap: allocating and freeing across each other, every fill re-read at the free; ending,
// being killed, and what comes back then.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SizeClasses, SlabAllocator } from "offheap";
import { mapClassMask, mapDistanceShift } from "#src/arena/span-map.js";
import { readFill } from "./support/fill.ts";
import { runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";
import {
  ended,
  mailbox,
  type Orders,
  type Report,
  runWorkers,
  said,
  startWorker,
} from "./support/threads.ts";

const seed = (runSeed() % 60) + 1;

function orders(heap: SlabAllocator, role: Orders["role"], change: Partial<Orders> = {}): Orders {
  const cells = change.mailbox ?? mailbox(64);
  const sizes = SizeClasses.powersOfTwo;
  return { role, handle: heap.handle, mailbox: cells, seed, steps: 20_000, sizes, detaches: true, ...change };
}

/** Frees what lies in the mailbox; how many objects that were. */
function emptyMailbox(heap: SlabAllocator, cells: Int32Array): number {
  let freed = 0;
  for (let cell = 0; cell < cells.length; cell++) {
    const address = (Atomics.exchange(cells, cell, 0) >>> 0) * 8;
    if (address === 0) continue;
    readFill(heap, address);
    heap.deallocate(address);
    freed++;
  }
  return freed;
}

function sum(reports: readonly Report[], of: "allocs" | "deallocs"): number {
  return reports.reduce((total, report) => total + report[of], 0);
}

describe(`across each other, OFFHEAP_SEED=${seed}`, () => {
  for (const [name, capacity, sizeClasses, detaches] of [
    ["in a heap of 16 MiB", 16 << 20, SizeClasses.powersOfTwo, true],
    ["with fine classes", 16 << 20, SizeClasses.fine, true],
    ["in 8 MiB, with all classes in use, never detaching", 8 << 20, SizeClasses.powersOfTwo, false],
    ["in a heap that runs out all the time", 1 << 20, [64, 512, 8192], true],
  ] as const) {
    it(`four workers ${name}`, async () => {
      const heap = new SlabAllocator({ capacity, sizeClasses, maxWorkers: 5 });
      const cells = mailbox(64);
      const change = { mailbox: cells, sizes: sizeClasses, detaches };
      const reports = await runWorkers(
        [0, 1, 2, 3].map((i) => orders(heap, "churn", { ...change, seed: seed + i })),
      );
      if (!detaches) for (const { workerId } of reports) assert.ok(heap.reap(workerId).reaped);
      const freed = emptyMailbox(heap, cells);
      const stats = heap.stats();
      assert.equal(stats.allocs, sum(reports, "allocs"));
      assert.equal(stats.deallocs, sum(reports, "deallocs") + freed);
      assert.equal(stats.liveObjects, 0);
      assert.equal(stats.workers.length, 1);
      assertZeroResidue(heap);
    });
  }
});

describe("a worker that only frees, and one that only allocates what others free", () => {
  it("do not make memory grow", async () => {
    const heap = new SlabAllocator({ capacity: 16 << 20, maxWorkers: 3, sizeClasses: [1024] });
    const cells = mailbox(1000);
    const steps = 60_000;
    const change = { mailbox: cells, sizes: [1024], steps };
    const reports = await runWorkers([
      orders(heap, "produce", change),
      orders(heap, "consume", { ...change, seed: seed + 1 }),
    ]);
    assert.deepEqual(
      reports.map(({ allocs, deallocs }) => [allocs, deallocs]),
      [
        [steps, 0],
        [0, steps],
      ],
    );
    // 60 MB went through it. A worker that meets the slabs held by the other just then takes a new one, so
    // a thousand objects may lie in a few slabs of 1 MiB, not in one or two.
    assert.ok(heap.stats().peakSpanBytes <= 6 << 20, `${heap.stats().peakSpanBytes} bytes of spans`);
    assert.equal(reports[0]?.exhausted, 0);
    assertZeroResidue(heap);
  });
});

describe("the end of a thread", () => {
  async function settled(heap: SlabAllocator, workers: number): Promise<void> {
    // The reaping listener runs at the same exit event as ours; the order of the two is not promised.
    for (let i = 0; i < 100 && heap.stats().workers.length !== workers; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(heap.stats().workers.length, workers);
  }

  function assertReaped(heap: SlabAllocator, live: number): void {
    const stats = heap.stats();
    assert.equal(stats.liveObjects, live);
    assert.equal(
      stats.sizeClasses.reduce((cached, entry) => cached + entry.cached, 0),
      0,
    );
    assert.ok(heapStates(heap).every((state) => state === 0 || state === 128));
    assert.deepEqual(heap.check(), []);
  }

  function heapStates(heap: SlabAllocator): Uint8Array {
    return heap["heap"].states;
  }

  for (const [name, finish] of [
    ["that ends by itself", (worker: ReturnType<typeof startWorker>) => worker.postMessage("end")],
    ["that is terminated", (worker: ReturnType<typeof startWorker>) => worker.terminate()],
  ] as const) {
    it(`of a tracked worker ${name}: its cached slots come back, its objects stay`, async () => {
      const heap = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 3 });
      const worker = startWorker(orders(heap, "hold", { steps: 100 }));
      heap.track(worker);
      await said(worker);
      const before = heap.stats();
      assert.equal(before.workers.length, 2);
      assert.ok((before.workers[1]?.cached as number) > 0);
      const exit = ended(worker);
      finish(worker);
      await exit;
      await settled(heap, 1);
      assertReaped(heap, 50);
    });
  }

  it("of a terminated worker: reaped by hand", async () => {
    const heap = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 3 });
    const worker = startWorker(orders(heap, "hold", { steps: 100 }));
    const { workerId } = await said<Report>(worker);
    await worker.terminate();
    assert.equal(heap.stats().workers.length, 2);
    const report = heap.reap(workerId, { live: true });
    assert.equal(report.freedObjects, 50);
    assertReaped(heap, 0);
    assertZeroResidue(heap);
  });

  it("of a tracker, which takes those it tracked with it", async () => {
    const heap = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 4 });
    const tracker = startWorker(orders(heap, "track", { steps: 100 }));
    heap.track(tracker);
    await said(tracker);
    assert.equal(heap.stats().workers.length, 3);
    await tracker.terminate();
    await settled(heap, 1);
    assertReaped(heap, 100);
  });

  it("of many, killed in the middle of everything", async () => {
    const heap = new SlabAllocator({ capacity: 8 << 20, maxWorkers: 5 });
    const cells = mailbox(64);
    for (let round = 0; round < 6; round++) {
      const workers = [0, 1, 2].map((i) =>
        startWorker(
          orders(heap, "churn", {
            mailbox: cells,
            seed: seed + 3 * round + i,
            steps: Number.MAX_SAFE_INTEGER,
          }),
        ),
      );
      for (const worker of workers) heap.track(worker);
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("online", resolve))));
      await new Promise((resolve) => setTimeout(resolve, 60 + 7 * round));
      await Promise.all(workers.map((worker) => worker.terminate()));
      await settled(heap, 1);
      emptyMailbox(heap, cells);
      assert.deepEqual(heap.check(), []);
    }
    // What the dead held alone is nobody's now. It lives, and its fills are whole.
    const { states, layout, dataAt, words } = heap["heap"];
    for (let slot = states.indexOf(128); slot >= 0; slot = states.indexOf(128, slot + 1)) {
      const chunk = slot >>> layout.stateShift;
      const entry = words[layout.mapAt + chunk] as number;
      const head = chunk - (entry >>> mapDistanceShift);
      const objectBytes = layout.objectBytes[(entry & mapClassMask) - 1] as number;
      const address = dataAt + head * 65_536 + (slot - head * 2 ** layout.stateShift) * objectBytes;
      assert.equal(heap.sizeOf(address), objectBytes);
      heap.deallocate(address);
    }
    assertZeroResidue(heap);
  });
});
