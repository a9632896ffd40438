// A heap's file and the threads of a process: what one of them has opened is the whole process's, also when that thread has ended.

import assert from "node:assert/strict";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type HeapHandle, MemoryPool } from "offheap";
import { loadOs } from "offheap/os";
import { closeHeap, leaveHeap, openHeap } from "offheap/process";
import { startProcess, testFolder } from "./support/processes.ts";

const os = loadOs();
const skip = os.processes.available ? false : os.processes.reason;
const folder = skip === false ? testFolder() : "";
const capacity = 4 * 2 ** 20;
const self = fileURLToPath(import.meta.url);

const opener = `const { parentPort, workerData } = require("node:worker_threads");
  import(workerData.process).then(({ openHeap }) => {
    const heap = openHeap(workerData.path, { capacity: workerData.capacity, maxWorkers: 8, live: true });
    parentPort.postMessage(heap.handle);
    parentPort.once("message", () => { heap.detach(); parentPort.postMessage("left"); });
  });`;

interface Opened {
  readonly heap: MemoryPool;
  readonly thread: Worker;
}

/** A heap that another thread has opened, and this one has joined. */
async function openedElsewhere(path: string): Promise<Opened> {
  const workerData = { path, capacity, process: new URL("../dist/process/index.js", import.meta.url).href };
  const thread = new Worker(opener, { eval: true, execArgv: [], workerData });
  const [handle] = (await once(thread, "message")) as [HeapHandle];
  return { heap: MemoryPool.attach(handle, { os }), thread };
}

async function end(thread: Worker): Promise<void> {
  thread.postMessage("leave");
  await once(thread, "message");
  await thread.terminate();
}

describe("a heap whose file a thread has opened that has ended", { skip }, () => {
  it("tells the living of other processes from the dead", async () => {
    const path = join(folder, "ended.heap");
    const { heap, thread } = await openedElsewhere(path);
    const other = startProcess({ role: "hold", path, count: 3 });
    await other.next();
    await end(thread);
    // What the host has closed would have a number that is another file's by now.
    const taken = Array.from({ length: 50 }, () => openSync(self, "r"));
    try {
      assert.equal(heap.processes().length, 2);
      heap.cleanup();
      MemoryPool.attach(heap.handle, { os }).detach();
      assert.equal(heap.stats().workers.length, 2);
      await other.kill();
      assert.equal(heap.processes().length, 1);
      MemoryPool.attach(heap.handle, { os }).detach();
      assert.equal(heap.stats().workers.length, 1);
      assert.equal(heap.stats().liveObjects, 0);
    } finally {
      for (const descriptor of taken) closeSync(descriptor);
    }
    assert.deepEqual(heap.check(), []);
    closeHeap(heap);
  });

  it("is closed by another one, for all of the process", async () => {
    const path = join(folder, "closed.heap");
    const { heap, thread } = await openedElsewhere(path);
    thread.postMessage("leave");
    await once(thread, "message");
    leaveHeap(heap);
    // The thread still runs: had it kept the file open, it would be in use.
    const again = openHeap(path, { os });
    assert.equal(again.processes().length, 1);
    closeHeap(again);
    await thread.terminate();
  });
});
