// Texts that another worker writes while they are read. A decoder that is given shared memory counts first and decodes
// then: with the memory written in between, Node 20 and 22 end by a segmentation fault within a second or so.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { MemoryPool } from "offheap";
import { ended, said } from "./support/threads.ts";

describe("a text that is written while it is read", () => {
  for (const bytes of [8000, 60_000])
    it(`is some text, of ${bytes} bytes at most`, async () => {
      const pool = new MemoryPool({ capacity: 4 << 20, maxWorkers: 1 });
      const address = pool.allocate(bytes);
      pool.writeText(address, "A".repeat(bytes));
      const workerData = { shared: pool.u8.buffer, address, bytes };
      const flipper = new Worker(new URL("./support/text-flipper.js", import.meta.url), {
        workerData,
        execArgv: [],
      });
      await said(flipper);
      let mixed = 0;
      for (let reads = 0; reads < 1_000_000_000 / bytes / 10; reads++) {
        const text = pool.readText(address, bytes);
        if (text.length > bytes) assert.fail(`${text.length} units of ${bytes} bytes`);
        if (text.startsWith("A") !== text.endsWith("A")) mixed++;
      }
      assert.ok(mixed > 0, "nothing was written meanwhile");
      flipper.postMessage("end");
      await ended(flipper);
      assert.deepEqual(pool.check(), []);
    });
});
