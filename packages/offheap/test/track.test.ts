// track and the places of threads that have ended: before track, unseen, of which only the id is known.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { SlabAllocator } from "offheap";
import { expectCode } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";
import { ended, mailbox, type Orders, type Report, said, startWorker } from "./support/threads.ts";

// Started before this thread has a heap that others can join: nobody notes which thread it is.
const early = new Worker("", { eval: true });
await ended(early);

function hold(heap: SlabAllocator): Promise<{ worker: Worker; id: number; threadId: number }> {
  const orders: Orders = {
    role: "hold",
    handle: heap.handle,
    mailbox: mailbox(8),
    seed: 1,
    steps: 20,
    sizes: [64],
    detaches: false,
  };
  const worker = startWorker(orders);
  const { threadId } = worker;
  return said<Report>(worker).then(({ workerId }) => ({ worker, id: workerId, threadId }));
}

function endAllLive(heap: SlabAllocator): void {
  const { states, dataAt } = heap["heap"];
  for (let slot = states.indexOf(128); slot >= 0; slot = states.indexOf(128))
    heap.deallocate(dataAt + slot * 64);
}

/** The rest of a heap with one class of 64 bytes, whose dead workers' objects nobody adopted. */
function assertAllBack(heap: SlabAllocator): void {
  assert.deepEqual(heap.check(), []);
  endAllLive(heap);
  assertZeroResidue(heap);
}

const options = { capacity: 4 << 20, sizeClasses: [64], maxWorkers: 2 } as const;
const ids = (heap: SlabAllocator) => heap.stats().workers.map(({ workerId }) => workerId);

describe("track", () => {
  it("of a worker that has ended reaps at once, as its thread was noted when it started", async () => {
    const heap = new SlabAllocator(options);
    const { worker, id } = await hold(heap);
    await worker.terminate();
    assert.equal(worker.threadId, -1);
    assert.ok(ids(heap).includes(id));
    heap.track(worker);
    assert.deepEqual(ids(heap), [heap.workerId]);
    assertAllBack(heap);
  });

  it("of one that has ended and was never noted says so, and what to do", () => {
    const heap = new SlabAllocator(options);
    const { message } = expectCode("ERR_INVALID_WORKER", () => heap.track(early));
    assert.match(message, /has ended.*reap\(workerId\).*stats\(\)\.workers/);
  });

  it("by id, of a worker whose thread this one has started", async () => {
    const heap = new SlabAllocator(options);
    const { worker, id } = await hold(heap);
    heap.track(id);
    const exit = ended(worker);
    worker.postMessage("end");
    await exit;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(ids(heap), [heap.workerId]);
    assertAllBack(heap);
  });

  it("by id, of a worker whose thread has ended reaps at once; again, and of one unknown, it does nothing", async () => {
    const heap = new SlabAllocator(options);
    const { worker, id } = await hold(heap);
    await worker.terminate();
    heap.track(id);
    assert.deepEqual(ids(heap), [heap.workerId]);
    for (const gone of [id, id + 128 * 9, 77]) heap.track(gone);
    assertAllBack(heap);
  });

  it("by id, of a worker of whose thread nobody can tell here says who can", () => {
    const heap = new SlabAllocator(options);
    const other = SlabAllocator.attach(heap.handle);
    const { message } = expectCode("ERR_INVALID_WORKER", () => heap.track(other.workerId));
    assert.match(message, /with its Worker.*of this very thread/);
    for (const id of [heap.workerId, 0, -3, 127, 0.5, Number.NaN, 2 ** 60])
      expectCode("ERR_INVALID_WORKER", () => heap.track(id));
    other.detach();
    assertZeroResidue(heap);
  });

  it("of what is no worker says what it takes", () => {
    const heap = new SlabAllocator(options);
    for (const wrong of [undefined, null, "worker", {}, { threadId: 1 }, { once: () => undefined }]) {
      const { message } = expectCode("ERR_INVALID_WORKER", () => heap.track(wrong as never));
      assert.match(message, /track takes a Worker/);
    }
  });
});

describe("the place of a thread that has ended", () => {
  it("is named with its thread", async () => {
    const heap = new SlabAllocator(options);
    const { worker, id, threadId } = await hold(heap);
    const found = heap.stats().workers.find(({ workerId }) => workerId === id);
    assert.equal(found?.threadId, threadId);
    const { message } = expectCode("ERR_TOO_MANY_WORKERS", () => SlabAllocator.attach(heap.handle));
    assert.match(message, new RegExp(`${heap.workerId} \\(thread 0\\), ${id} \\(thread ${threadId}\\)`));
    await worker.terminate();
    assert.ok(heap.reap(id).reaped);
    assertAllBack(heap);
  });

  it("is taken again, with all that was in it, when no other is free", async () => {
    const heap = new SlabAllocator(options);
    const { worker, id } = await hold(heap);
    const before = heap.stats();
    assert.ok((before.workers[1]?.cached as number) > 0);
    await worker.terminate();
    assert.ok(ids(heap).includes(id));
    const next = SlabAllocator.attach(heap.handle);
    assert.equal(next.workerId, id + 128);
    const after = heap.stats();
    assert.equal(after.liveObjects, before.liveObjects);
    assert.equal(
      after.sizeClasses.reduce((sum, { cached }) => sum + cached, 0),
      0,
    );
    assert.equal(heap.reap(id).reaped, false);
    next.deallocate(next.allocate(64));
    assert.deepEqual(heap.check(), []);
    next.detach();
    assertAllBack(heap);
  });

  it("is not taken while another is free: who reaps it by hand still has its objects", async () => {
    const heap = new SlabAllocator({ ...options, maxWorkers: 3 });
    const { worker, id } = await hold(heap);
    await worker.terminate();
    const next = SlabAllocator.attach(heap.handle);
    assert.notEqual(next.workerId % 128, id % 128);
    next.detach();
    assert.equal(heap.reap(id, { live: true }).freedObjects, 10);
    assertZeroResidue(heap);
  });

  it("is given back after its tracker has detached, although no place is free", async () => {
    const heap = new SlabAllocator({ ...options, maxWorkers: 3 });
    const tracker = SlabAllocator.attach(heap.handle);
    const { worker, id } = await hold(heap);
    tracker.track(worker);
    tracker.detach();
    const last = SlabAllocator.attach(heap.handle);
    const exit = ended(worker);
    worker.postMessage("end");
    await exit;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(!ids(heap).includes(id));
    last.detach();
    assertAllBack(heap);
  });
});
