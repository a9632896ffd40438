// The model: what a heap must look like after each step, kept in a plain Map. Several workers are attached in
// one thread, free what others allocated, come, go, die and are reaped.

import assert from "node:assert/strict";
import type { SlabAllocator } from "offheap";
import { classOf, isSlab, lengthOf } from "#src/arena/claim.js";
import { AllocatorError } from "#src/base/errors.js";
import { slotCountOf } from "#src/layout/span-lengths.js";
import type { Heap } from "#src/memory/heap.js";
import { readFill, writeFill } from "./fill.ts";
import { attachTo, expectCode } from "./heaps.ts";
import type { Random } from "./random.ts";

interface LiveObject {
  readonly bytes: number;
  readonly id: number;
  /** Who allocated or adopted it; 0 when that worker is gone. */
  owner: number;
}

export class Model {
  readonly heap: Heap;
  readonly random: Random;
  readonly workers: SlabAllocator[] = [];
  readonly live = new Map<number, LiveObject>();
  private readonly freed: number[] = [];
  private readonly seenIds = new Set<number>();
  private nextId = 1;
  private allocs = 0;
  private deallocs = 0;
  /** What was done, for the message of a failure. */
  readonly history: string[] = [];

  constructor(heap: Heap, random: Random) {
    this.heap = heap;
    this.random = random;
    this.join();
  }

  step(): void {
    const { random } = this;
    const dice = random.below(100);
    if (dice < 40) this.allocate();
    else if (dice < 74) this.free();
    else if (dice < 80) this.refuse();
    else if (dice < 84) this.adopt();
    else if (dice < 89) this.cleanUp();
    else if (dice < 94) this.join();
    else if (dice < 97) this.leave();
    else this.dieAndReap();
  }

  private note(text: string): void {
    this.history.push(text);
  }

  private worker(): SlabAllocator {
    return this.random.pick(this.workers);
  }

  allocate(): void {
    const { random, heap } = this;
    const worker = this.worker();
    const bytes = random.pick(heap.layout.objectBytes);
    this.note(`${worker.workerId} allocates ${bytes}`);
    let address: number;
    try {
      address = worker.allocate(bytes - random.below(8));
    } catch (error) {
      if (!(error instanceof AllocatorError) || error.code !== "ERR_OUT_OF_MEMORY") throw error;
      this.assertExhausted(bytes);
      return;
    }
    assert.ok(!this.live.has(address), `${address} was given twice`);
    assert.equal(worker.sizeOf(address), bytes);
    const id = this.nextId++;
    writeFill(worker, address, id);
    this.live.set(address, { bytes, id, owner: worker.workerId });
    this.allocs++;
  }

  private free(): void {
    if (this.live.size === 0) return;
    const address = this.random.pick([...this.live.keys()]);
    this.freeOne(this.worker(), address);
  }

  freeOne(worker: SlabAllocator, address: number): void {
    const object = this.live.get(address) as LiveObject;
    this.note(`${worker.workerId} frees ${address} (${object.bytes})`);
    readFill(worker, address, object.id);
    if (this.random.chance(50)) worker.deallocate(address, object.bytes);
    else worker.deallocate(address);
    this.live.delete(address);
    this.freed.push(address);
    this.deallocs++;
  }

  /** Wrong calls, which change nothing. */
  private refuse(): void {
    const { random } = this;
    const worker = this.worker();
    if (this.live.size > 0) {
      const address = random.pick([...this.live.keys()]);
      expectCode("ERR_INVALID_ADDRESS", () => worker.deallocate(address + 1 + random.below(7)));
      expectCode("ERR_SIZE_MISMATCH", () => worker.deallocate(address, 0));
    }
    const stale = this.freed.filter((address) => !this.live.has(address));
    if (stale.length === 0) return;
    const address = random.pick(stale);
    this.note(`${worker.workerId} frees ${address}, which is free`);
    try {
      worker.deallocate(address);
    } catch (error) {
      const code = error instanceof AllocatorError ? error.code : String(error);
      // The slab may have gone, or a slab of another class have come in its place.
      assert.ok(code === "ERR_DOUBLE_FREE" || code === "ERR_INVALID_ADDRESS", code);
      return;
    }
    assert.fail(`${address} was freed twice`);
  }

  private adopt(): void {
    if (this.live.size === 0) return;
    const worker = this.worker();
    const [address, object] = this.random.pick([...this.live]);
    this.note(`${worker.workerId} adopts ${address}`);
    worker.adopt(address);
    object.owner = worker.workerId;
  }

  private cleanUp(): void {
    const worker = this.worker();
    this.note(`${worker.workerId} cleans up`);
    worker.cleanup();
    assert.equal(this.statsOf(worker.workerId)?.cached, 0);
    assert.equal(worker.cleanup().slabs, 0);
  }

  private join(): void {
    if (this.workers.length === this.heap.layout.maxWorkers) {
      expectCode("ERR_TOO_MANY_WORKERS", () => attachTo(this.heap));
      return;
    }
    const worker = attachTo(this.heap);
    this.note(`${worker.workerId} attaches`);
    assert.ok(!this.seenIds.has(worker.workerId), `${worker.workerId} was there before`);
    this.seenIds.add(worker.workerId);
    this.workers.push(worker);
  }

  private takeWorker(): SlabAllocator | undefined {
    if (this.workers.length < 2) return undefined;
    return this.workers.splice(this.random.below(this.workers.length), 1)[0];
  }

  private leave(): void {
    const worker = this.takeWorker();
    if (worker === undefined) return;
    this.note(`${worker.workerId} detaches`);
    worker.detach();
    this.disown(worker.workerId);
  }

  private disown(owner: number): void {
    for (const object of this.live.values()) if (object.owner === owner) object.owner = 0;
  }

  private dieAndReap(): void {
    const dead = this.takeWorker();
    if (dead === undefined) return;
    const { workerId } = dead;
    const reaper = this.worker();
    const live = this.random.chance(40);
    this.note(`${workerId} dies, ${reaper.workerId} reaps it${live ? " and its objects" : ""}`);
    const cached = this.statsOf(workerId)?.cached;
    const owned = [...this.live].filter(([, object]) => object.owner === workerId);
    const report = reaper.reap(workerId, { live });
    assert.equal(report.reaped, true);
    assert.equal(report.cachedSlots, cached);
    assert.equal(live ? report.freedObjects : report.liveObjects, owned.length);
    assert.equal(reaper.reap(workerId).reaped, false);
    expectCode("ERR_DETACHED", () => dead.stats());
    if (!live) this.disown(workerId);
    for (const [address] of live ? owned : []) {
      this.live.delete(address);
      this.freed.push(address);
      this.deallocs++;
    }
  }

  private statsOf(workerId: number) {
    return this.workers[0]?.stats().workers.find((entry) => entry.workerId === workerId);
  }

  /** Out of memory is true: no slot of the class is free, no chunk, and no slab as a whole. */
  private assertExhausted(bytes: number): void {
    const { words, states, layout } = this.heap;
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
      const claim = words[layout.claimsAt + chunk] as number;
      assert.notEqual(claim, 0, `chunk ${chunk} is free`);
      if (!isSlab(claim)) continue;
      const first = chunk * 2 ** layout.stateShift;
      const slots = states.subarray(first, first + slotCountOf(layout, classOf(claim), lengthOf(claim)));
      assert.ok(
        slots.some((state) => state !== 0),
        `the slab at ${chunk} is wholly free`,
      );
      if (layout.objectBytes[classOf(claim) - 1] === bytes) assert.ok(slots.every((state) => state !== 0));
    }
  }

  /** Everything the heap says about itself, against the model. */
  verify(): void {
    const worker = this.workers[0] as SlabAllocator;
    assert.deepEqual(worker.check(), []);
    const stats = worker.stats();
    const objects = [...this.live.values()];
    assert.equal(stats.allocs, this.allocs);
    assert.equal(stats.deallocs, this.deallocs);
    assert.equal(stats.liveObjects, objects.length);
    assert.equal(
      stats.liveBytes,
      objects.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    for (const entry of stats.sizeClasses) {
      assert.equal(entry.allocated, objects.filter(({ bytes }) => bytes === entry.objectSize).length);
      assert.equal(entry.allocated + entry.cached + entry.free, entry.totalObjects);
    }
    const present = this.workers.map(({ workerId }) => workerId).sort((a, b) => a - b);
    assert.deepEqual(
      stats.workers.map(({ workerId }) => workerId).sort((a, b) => a - b),
      present,
    );
  }

  /** Everybody but one leaves; all is freed. */
  finish(): SlabAllocator {
    const last = this.workers[0] as SlabAllocator;
    for (const address of [...this.live.keys()]) this.freeOne(this.worker(), address);
    for (const worker of this.workers.splice(1)) worker.detach();
    this.verify();
    return last;
  }
}
