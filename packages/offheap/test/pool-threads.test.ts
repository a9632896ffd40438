// Real workers on one pool: objects of all sizes across each other, every fill re-read at the free; and killed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryPool } from "offheap";
import { readFill } from "./support/fill.ts";
import { runSeed } from "./support/random.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { ended, mailbox, type Orders, runWorkers, said, startWorker } from "./support/threads.ts";

const seed = (runSeed() % 60) + 1;
const KiB = 1024;
const sizes = [64, 1000, 8192, 9 * KiB, 12 * KiB, 20 * KiB, 64 * KiB, 100 * KiB, 448 * KiB, 600 * KiB];

function orders(pool: MemoryPool, role: Orders["role"], change: Partial<Orders> = {}): Orders {
  const common = { handle: pool.handle, mailbox: mailbox(32), sizes, isPool: true, detaches: true };
  return { role, seed, steps: 3000, ...common, ...change };
}

function emptyMailbox(pool: MemoryPool, cells: Int32Array): void {
  for (let cell = 0; cell < cells.length; cell++) {
    const address = (Atomics.exchange(cells, cell, 0) >>> 0) * 8;
    if (address === 0) continue;
    readFill(pool, address);
    pool.deallocate(address);
  }
}

describe(`workers of a pool across each other, OFFHEAP_SEED=${seed}`, () => {
  for (const [name, capacity, ownSizes] of [
    ["with room for all", 512 << 20, sizes],
    ["of page runs alone, in few spans", 24 << 20, [9 * KiB, 20 * KiB, 30 * KiB]],
    ["in a pool that runs out all the time", 12 << 20, sizes],
  ] as const) {
    it(name, async () => {
      const pool = new MemoryPool({ capacity, maxWorkers: 5 });
      const cells = mailbox(32);
      const reports = await runWorkers(
        [0, 1, 2, 3].map((i) =>
          orders(pool, "churn", { mailbox: cells, sizes: ownSizes, seed: seed + i, detaches: i < 2 }),
        ),
      );
      for (const { workerId } of reports.slice(2)) assert.ok(pool.reap(workerId).reaped);
      emptyMailbox(pool, cells);
      const { liveObjects, allocs, deallocs } = pool.stats();
      assert.equal(liveObjects, 0);
      assert.equal(allocs, deallocs);
      assert.ok(allocs >= reports.reduce((sum, report) => sum + report.allocs, 0));
      assertZeroResidue(pool);
    });
  }

  it("terminated in the middle of it, and reaped with what they had allocated", async () => {
    const pool = new MemoryPool({ capacity: 256 << 20, maxWorkers: 4 });
    for (let round = 0; round < 15; round++) {
      // Page runs and slots: those of 8 to 64 KiB are slots once they are asked for often, and count no large object.
      const enough = pool.stats().allocs + 1000;
      const change = { steps: 10_000_000, seed: seed + round, sizes: sizes.slice(2, 8) };
      const worker = startWorker(orders(pool, "churn", change));
      const gone = ended(worker);
      while (pool.stats().allocs < enough) await new Promise((done) => setTimeout(done, 2));
      const [victim] = pool.stats().workers.filter(({ workerId }) => workerId !== pool.workerId);
      await worker.terminate();
      await gone;
      pool.reap(victim?.workerId as number, { live: true });
      assert.deepEqual(pool.check(), []);
      assert.equal(pool.stats().liveObjects, 0);
    }
    assertZeroResidue(pool);
  });

  it("tracked: large objects of a worker that ended are nobody's", async () => {
    const pool = new MemoryPool({ capacity: 256 << 20, maxWorkers: 4 });
    const worker = startWorker(orders(pool, "hold", { steps: 40 }));
    pool.track(worker);
    await said(worker);
    const gone = ended(worker);
    await worker.terminate();
    await gone;
    assert.equal(pool.stats().workers.length, 1);
    assert.equal(pool.stats().liveObjects, 20);
    assert.deepEqual(pool.check(), []);
  });
});
