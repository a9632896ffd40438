// A worker's Web Lock as the proof of its death: who tracks it reaps when it is left, and never a worker that lives,
// whichever of the two asked first. With locks of the test's own, so on every host; real ones are tried in browsers.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SlabAllocator } from "offheap";
import { Tracker } from "#src/allocator/track.js";
import type { WorkerPlace } from "#src/base/brands.js";
import { hostOf } from "#src/worker/host.js";
import { ThreadLock } from "#src/worker/locks.js";
import { FakeLocks } from "./support/fake-locks.ts";
import { expectCode, heapOf } from "./support/heaps.ts";
import { assertZeroResidue } from "./support/residue.ts";

function setUp() {
  const locks = new FakeLocks();
  const first = new SlabAllocator({ capacity: 4 << 20, maxWorkers: 4 });
  const worker = SlabAllocator.attach(first.handle);
  worker.deallocate(worker.allocate(64));
  return { locks, first, worker };
}

/** The lock of a worker whose thread has no other. */
function hold(worker: SlabAllocator, locks: Parameters<typeof hostWith>[0]): ThreadLock {
  const { token } = worker["slow"].workers.read((worker.workerId % 128) as WorkerPlace);
  const lock = new ThreadLock(locks, token);
  lock.enter(heapOf(worker), worker.workerId);
  return lock;
}

function hostWith(locks: NonNullable<ReturnType<typeof hostOf>["locks"]>) {
  return { name: "a browser", proof: "lock", locks } as const;
}

function track(tracker: SlabAllocator, id: unknown, locks: Parameters<typeof hostWith>[0]): void {
  new Tracker(heapOf(tracker), tracker["slow"], 0).track(id, hostWith(locks));
}

/** Longer than a few rests of who tracks. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 100));

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(what());
}

const isThere = (heap: SlabAllocator, id: number) =>
  heap.stats().workers.some(({ workerId }) => workerId === id);

describe("track by a worker's lock", () => {
  it("reaps when the worker's thread has ended, and not before", async () => {
    const { locks, first, worker } = setUp();
    const thread = locks.client();
    hold(worker, thread);
    track(first, worker.workerId, locks.client());
    await aWhile();
    assert.ok(isThere(first, worker.workerId));
    thread.die();
    await until(() => !isThere(first, worker.workerId));
    assertZeroResidue(first);
    expectCode("ERR_DETACHED", () => worker.stats());
  });

  it("does not take a lock that the worker is yet to have for one that it has left", async () => {
    const { locks, first, worker } = setUp();
    let arrive: () => void = assert.fail;
    const thread = locks.client(new Promise((resolve) => (arrive = resolve)));
    hold(worker, thread);
    track(first, worker.workerId, locks.client());
    await aWhile();
    assert.ok(isThere(first, worker.workerId), "a living worker was reaped");
    arrive();
    await aWhile();
    assert.ok(isThere(first, worker.workerId), "a living worker was reaped");
    thread.die();
    await until(() => !isThere(first, worker.workerId));
    assertZeroResidue(first);
  });

  it("reaps a worker that had ended before, by its note that it had the lock", async () => {
    const { locks, first, worker } = setUp();
    const thread = locks.client();
    hold(worker, thread);
    await aWhile();
    thread.die();
    track(first, worker.workerId, locks.client());
    await until(() => !isThere(first, worker.workerId));
    assertZeroResidue(first);
  });

  it("does not take the note of an earlier worker of the place for the worker's own", async () => {
    const { locks, first, worker } = setUp();
    const lock = hold(worker, locks.client());
    await aWhile();
    worker.detach();
    assert.ok(lock.leave());
    const next = SlabAllocator.attach(first.handle);
    assert.equal(next.workerId % 128, worker.workerId % 128);
    track(first, next.workerId, locks.client());
    await aWhile();
    assert.ok(isThere(first, next.workerId), "a living worker was reaped");
    next.detach();
    assertZeroResidue(first);
  });

  it("knows a worker's lock by being refused it, before the worker was told that it is granted", async () => {
    const { locks, first, worker } = setUp();
    const thread = locks.client();
    // As in a worker that never returns to its event loop: granted, and the callback does not come.
    hold(worker, {
      request: (name, options) => thread.request(name, options, () => new Promise(() => undefined)),
    });
    track(first, worker.workerId, locks.client());
    await aWhile();
    assert.ok(isThere(first, worker.workerId), "a living worker was reaped");
    thread.die();
    await until(() => !isThere(first, worker.workerId));
    assertZeroResidue(first);
  });

  it("is not misled by the lock that the same thread had before", async () => {
    const { locks, first, worker } = setUp();
    const thread = locks.client();
    const lock = hold(worker, thread);
    await aWhile();
    worker.detach();
    assert.ok(lock.leave());
    // Still held as far as the manager knows, when the next worker of the thread is tracked.
    const next = SlabAllocator.attach(first.handle);
    hold(next, { request: () => new Promise(() => undefined) });
    track(first, next.workerId, locks.client());
    await aWhile();
    assert.ok(isThere(first, next.workerId), "a living worker was reaped");
    next.detach();
    assertZeroResidue(first);
  });

  it("is held for all workers of a thread, until the last has left", async () => {
    const { locks, first, worker } = setUp();
    const second = SlabAllocator.attach(first.handle);
    const thread = locks.client();
    const lock = hold(worker, thread);
    await aWhile();
    lock.enter(heapOf(second), second.workerId);
    worker.detach();
    assert.equal(lock.leave(), false);
    track(first, second.workerId, locks.client());
    await aWhile();
    assert.ok(isThere(first, second.workerId), "a living worker was reaped");
    assert.equal(locks.names().length, 1);
    thread.die();
    await until(() => !isThere(first, second.workerId));
    assertZeroResidue(first);
  });

  it("by several: each of them has nothing left to do when the first has", async () => {
    const { locks, first, worker } = setUp();
    const third = SlabAllocator.attach(first.handle);
    const thread = locks.client();
    hold(worker, thread);
    for (const tracker of [first, third, first]) track(tracker, worker.workerId, locks.client());
    await aWhile();
    assert.ok(isThere(first, worker.workerId));
    thread.die();
    await until(() => !isThere(first, worker.workerId) && locks.names().length === 0);
    third.detach();
    assertZeroResidue(first);
  });

  it("goes on after the tracker's own detach", async () => {
    const { locks, first, worker } = setUp();
    const tracker = SlabAllocator.attach(first.handle);
    const thread = locks.client();
    hold(worker, thread);
    track(tracker, worker.workerId, locks.client());
    tracker.detach();
    await aWhile();
    thread.die();
    await until(() => first.stats().workers.length === 1);
    assertZeroResidue(first);
  });

  it("ends with the worker's detach, which gives the lock up", async () => {
    const { locks, first, worker } = setUp();
    const lock = hold(worker, locks.client());
    track(first, worker.workerId, locks.client());
    await aWhile();
    assert.equal(locks.names().length, 1);
    worker.detach();
    assert.ok(lock.leave());
    await until(() => locks.names().length === 0);
    const next = SlabAllocator.attach(first.handle);
    await aWhile();
    assert.ok(isThere(first, next.workerId));
    next.detach();
    assertZeroResidue(first);
  });

  it("a lock that is granted after the worker has left is given up at once", async () => {
    const { locks, first, worker } = setUp();
    let arrive: () => void = assert.fail;
    const lock = hold(worker, locks.client(new Promise((resolve) => (arrive = resolve))));
    worker.detach();
    assert.ok(lock.leave());
    arrive();
    await aWhile();
    assert.deepEqual(locks.names(), []);
    assertZeroResidue(first);
  });

  it("no two threads have the same", async () => {
    const { locks, first, worker } = setUp();
    for (const each of [first, worker, first]) hold(each, locks.client());
    await aWhile();
    assert.equal(new Set(locks.names()).size, 3);
    worker.detach();
    assertZeroResidue(first);
  });
});

describe("what track refuses where there are locks", () => {
  it("a Worker, with what to give instead", () => {
    const { locks, first } = setUp();
    const error = expectCode("ERR_INVALID_WORKER", () =>
      track(first, { postMessage: () => undefined }, locks.client()),
    );
    assert.match(error.message, /workerId/);
  });

  it("ids that are none, and its own", () => {
    const { locks, first } = setUp();
    for (const id of [0, -1, 1.5, Number.NaN, 127, first.workerId])
      expectCode("ERR_INVALID_WORKER", () => track(first, id, locks.client()));
  });

  it("nothing of a worker that has gone: there is nothing to wait for", () => {
    const { locks, first, worker } = setUp();
    worker.detach();
    track(first, worker.workerId, locks.client());
    track(first, 3 + 128 * 7, locks.client());
    assert.deepEqual(locks.names(), []);
  });
});

describe("the host", () => {
  const locks = new FakeLocks().client();
  const node = { node: "22.0.0" };
  it("is told by name, and what it proves", () => {
    for (const [proof, globals] of [
      ["exit", { process: { versions: node }, navigator: { locks } }],
      ["exit", { process: { versions: { ...node, bun: "1.4.5" } } }],
      ["none", { process: { versions: { ...node, deno: "2.9.6" } }, navigator: { locks } }],
      ["lock", { navigator: { locks }, origin: "https://example.org" }],
      ["none", { navigator: { locks }, origin: "null" }],
      ["lock", { navigator: { locks, userAgent: "Mozilla/5.0 (X11) Chrome/156.0.0.0" } }],
      ["none", { navigator: { locks, userAgent: "Deno/2.9.6" } }],
      ["none", { navigator: { locks, userAgent: "Node.js/24" } }],
      ["none", { navigator: {} }],
      ["none", {}],
    ] as const) {
      assert.equal(hostOf(globals).proof, proof);
      assert.equal(hostOf(globals).locks !== undefined, proof === "lock");
    }
  });

  it("takes no lock where the host joins threads", async () => {
    const manager = (globalThis as { navigator?: { locks?: { query(): Promise<{ held: unknown[] }> } } })
      .navigator?.locks;
    const heap = new SlabAllocator({ capacity: 4 << 20 });
    const other = SlabAllocator.attach(heap.handle);
    await aWhile();
    assert.deepEqual((await manager?.query())?.held ?? [], []);
    other.detach();
    assertZeroResidue(heap);
  });

  it("that proves nothing tracks nobody, and says what to do", () => {
    const { first, worker } = setUp();
    const tracker = new Tracker(heapOf(first), first["slow"], 0);
    const host = hostOf({ process: { versions: { ...node, deno: "2.9.6" } } });
    for (const what of [worker.workerId, { threadId: 1, once: () => assert.fail("it is listened to") }]) {
      const { message } = expectCode("ERR_INVALID_WORKER", () => tracker.track(what, host));
      assert.match(message, /Deno.*detach\(\).*reap\(workerId\)/);
    }
    worker.detach();
    assertZeroResidue(first);
  });
});
