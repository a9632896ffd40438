// Real workers on the same records, killed at random: what is left is whole, listed once, and nothing leaks.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { MemoryPool, SlabAllocator } from "offheap";
import { Records } from "offheap/records";
import { Random, runSeed } from "./support/random.ts";
import { checkItem, Item, type RecordOrders } from "./support/record-worker.ts";
import { ended, said } from "./support/threads.ts";

const rounds = 12;
const workersAtOnce = 3;

describe("records of workers that are killed", () => {
  for (const engine of ["wasm", "js"] as const)
    for (const isPool of [false, true]) {
      it(`in ${isPool ? "a pool" : "slabs"}, ${engine}`, async (test) => {
        const seed = runSeed();
        test.diagnostic(`OFFHEAP_SEED=${seed}`);
        const random = new Random(seed);
        const options = { capacity: 16 * 2 ** 20, cleanupInterval: 50, engine };
        const heap = isPool ? new MemoryPool(options) : new SlabAllocator(options);
        const items = new Records(heap, Item);
        const mailbox = new BigInt64Array(new SharedArrayBuffer(8 * 64));
        for (let round = 0; round < rounds; round++) {
          const workers = Array.from({ length: workersAtOnce }, (_, i) => {
            const orders: RecordOrders = {
              heap: heap.handle,
              records: items.handle,
              isPool,
              seed: seed + round * workersAtOnce + i,
              mailbox,
            };
            const url = new URL("./support/record-worker.js", import.meta.url);
            return new Worker(url, { workerData: orders, execArgv: [] });
          });
          const ids = await Promise.all(workers.map((worker) => said<number>(worker)));
          const ends = workers.map(ended);
          for (const worker of workers) {
            await sleep(random.below(20));
            await worker.terminate();
          }
          await Promise.all(ends);
          for (const id of ids) heap.reap(id, { live: true });
          assert.deepEqual(heap.check(), [], `seed ${seed}`);
          for (const item of items) checkItem(item);
        }
        // What is in the mailbox, or was on its way into it: published, so it is there. All others went with their workers.
        const left = Array.from(items, (item) => item.handle);
        for (const handle of mailbox)
          if (handle !== 0n) assert.ok(left.includes(Number(handle)), `seed ${seed}`);
        assert.ok(
          left.length <= mailbox.length + 2 * rounds * workersAtOnce,
          `${left.length} records are left`,
        );
        for (const handle of left) items.free(handle);
        items.destroy();
        assert.deepEqual(heap.check(), []);
      });
    }
});
