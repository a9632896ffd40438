// Rings between real workers: everything that is sent arrives once, also while those who pass it on are killed at random.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Worker } from "node:worker_threads";
import { MemoryPool, SlabAllocator } from "offheap";
import { Ring } from "offheap/ring";
import { Random, runSeed } from "./support/random.ts";
import { type RingOrders, startRingWorker } from "./support/ring-threads.ts";
import { ended, said } from "./support/threads.ts";

const seed = runSeed();
/** Kills; more by OFFHEAP_KILLS. */
const kills = Number(process.env["OFFHEAP_KILLS"] ?? 60);

async function start(orders: RingOrders): Promise<{ worker: Worker; id: number; end: Promise<number> }> {
  const worker = startRingWorker(orders);
  const end = ended(worker);
  return { worker, id: await said<number>(worker), end };
}

for (const isPool of [false, true])
  describe(`rings between workers, ${isPool ? "pool" : "slabs"} (seed ${seed})`, () => {
    const make = () =>
      isPool
        ? new MemoryPool({ capacity: 64 << 20, maxWorkers: 16 })
        : new SlabAllocator({ capacity: 64 << 20, maxWorkers: 16 });

    it("carry each message once, of several senders to several receivers", async () => {
      const heap = make();
      const ring = new Ring(heap, { capacity: 256 });
      const [senders, count] = [2, 20_000];
      const ledger = new Int32Array(new SharedArrayBuffer(senders * count * 4));
      const common = { handle: heap.handle, isPool, ledger };
      const consumers = await Promise.all(
        [0, 1].map(() => start({ ...common, role: "consume", first: 0, count: 0, from: ring.handle })),
      );
      const producers = await Promise.all(
        [0, 1].map((i) => start({ ...common, role: "produce", first: i * count, count, to: ring.handle })),
      );
      assert.deepEqual(await Promise.all(producers.map(({ end }) => end)), [0, 0]);
      ring.close();
      assert.deepEqual(await Promise.all(consumers.map(({ end }) => end)), [0, 0]);
      assert.ok(ledger.every((times) => times === 1));
      for (const { id } of [...producers, ...consumers]) heap.reap(id);
      ring.destroy();
      assert.deepEqual(heap.check(), []);
      assert.equal(heap.stats().liveObjects, 0);
    });

    it("lose nothing, and carry nothing twice, while the worker in the middle is killed", async (test) => {
      const random = new Random(seed);
      const heap = make();
      const [first, second] = [new Ring(heap, { capacity: 64 }), new Ring(heap, { capacity: 64 })];
      const count = kills * 400;
      const ledger = new Int32Array(new SharedArrayBuffer(count * 4));
      const common = { handle: heap.handle, isPool, ledger };
      const consumer = await start({ ...common, role: "consume", first: 0, count: 0, from: second.handle });
      const producer = await start({ ...common, role: "produce", first: 0, count, to: first.handle });
      const pass = {
        ...common,
        role: "pass",
        first: 0,
        count: 0,
        from: first.handle,
        to: second.handle,
      } as const;
      let producing = true;
      void producer.end.then(() => {
        producing = false;
      });
      let killed = 0;
      let gaveBack = 0;
      while (killed < kills && producing) {
        const middle = await start(pass);
        await new Promise((resolve) => setTimeout(resolve, random.below(12)));
        await middle.worker.terminate();
        const report = heap.reap(middle.id, { live: true });
        assert.equal(report.reaped, true);
        killed++;
        if (report.operation !== "none") gaveBack++;
      }
      const last = await start(pass);
      assert.equal(await producer.end, 0);
      first.close();
      assert.equal(await last.end, 0);
      second.close();
      assert.equal(await consumer.end, 0);
      const wrong = [...ledger.entries()].filter(([, times]) => times !== 1).slice(0, 5);
      assert.deepEqual(wrong, [], `of ${count} messages, after ${killed} kills`);
      for (const { id } of [last, producer, consumer]) heap.reap(id);
      first.destroy();
      second.destroy();
      assert.deepEqual(heap.check(), []);
      assert.equal(heap.stats().liveObjects, 0);
      test.diagnostic(`${killed} kills, ${gaveBack} in a slow call`);
    });
  });
