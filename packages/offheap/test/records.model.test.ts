// Random calls of several workers, in turn, on Records of several structs beside plain objects, against a model. After each
// round every handle is looked at: live ones hold what they were set to, those of ended records are stale.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllocatorError, type MemoryPool, SlabAllocator } from "offheap";
import { bytes, f64, Records, struct, u32 } from "offheap/records";
import { attachPoolTo, attachTo, expectCode, heapOf, makePoolHeap } from "./support/heaps.ts";
import { Random, runSeed } from "./support/random.ts";

type Fields = {
  readonly id: typeof u32;
  readonly value: typeof f64;
  readonly fill: ReturnType<typeof bytes>;
};
type Kind = Records<Fields>;

const sizes = [8, 40, 100, 700, 3000];
const structs = sizes.map((size) => struct({ id: u32, value: f64, fill: bytes(size) }));
const workerCount = 3;

interface Known {
  readonly kind: number;
  readonly id: number;
  owner: number;
}

class Bench {
  readonly random: Random;
  readonly workers: (SlabAllocator | MemoryPool)[];
  readonly records: Kind[][];
  readonly live = new Map<number, Known>();
  readonly ended: [number, number][] = [];
  readonly objects: number[] = [];
  private readonly attach: () => SlabAllocator | MemoryPool;
  private ids = 0;

  constructor(seed: number, isPool: boolean) {
    this.random = new Random(seed);
    const options = { capacity: 6 * 2 ** 20, cleanupInterval: 20 };
    const heap = isPool ? makePoolHeap(options) : heapOf(new SlabAllocator(options));
    this.attach = () => (isPool ? attachPoolTo(heap) : attachTo(heap));
    this.workers = Array.from({ length: workerCount }, this.attach);
    const first = structs.map((each) => new Records(this.workers[0] as SlabAllocator, each));
    this.records = this.workers.map((worker) =>
      first.map(({ handle }, kind) =>
        Records.attach(worker, handle, structs[kind] as (typeof structs)[number]),
      ),
    );
  }

  step(): void {
    const { random, live, ended, objects } = this;
    const worker = random.below(workerCount);
    const dice = random.below(100);
    const handle = live.size === 0 ? 0 : random.pick([...live.keys()]);
    if (dice < 45) this.create(worker, random.below(sizes.length));
    else if (dice < 75 && handle !== 0) this.free(worker, handle);
    else if (dice < 80) objects.push((this.workers[worker] as SlabAllocator).allocate(random.pick(sizes)));
    else if (dice < 88) {
      const address = objects.pop();
      if (address !== undefined) (this.workers[worker] as SlabAllocator).deallocate(address);
    } else if (dice < 92 && handle !== 0) {
      const known = live.get(handle) as Known;
      const isPublished = random.chance(50);
      const records = this.kind(worker, known.kind);
      if (isPublished) records.publish(handle);
      else records.adopt(handle);
      known.owner = isPublished ? -1 : worker;
    } else if (dice < 94 && ended.length > 0) {
      const [stale, kind] = random.pick(ended);
      expectCode("ERR_STALE_HANDLE", () => this.kind(worker, kind).free(stale));
    } else if (dice < 96) (this.workers[worker] as SlabAllocator).cleanup({ all: true });
    else if (dice === 99) this.die(worker);
  }

  /** A worker dies, with what it had not published; another takes its place. */
  private die(worker: number): void {
    const dead = this.workers[worker] as SlabAllocator;
    const host = this.workers[(worker + 1) % workerCount] as SlabAllocator;
    const handles = this.records[worker]?.map((each) => each.handle) ?? [];
    host.reap(dead.workerId, { live: true });
    for (const [handle, { owner, kind }] of [...this.live]) if (owner === worker) this.end(handle, kind);
    // Objects that are no records: of the dead worker they are gone, too.
    const isLive = (address: number) => {
      try {
        return host.sizeOf(address) > 0;
      } catch (error) {
        if (error instanceof AllocatorError) return false;
        throw error;
      }
    };
    this.objects.splice(0, this.objects.length, ...this.objects.filter(isLive));
    const heir = this.attach();
    this.workers[worker] = heir;
    this.records[worker] = handles.map((handle, kind) =>
      Records.attach(heir, handle, structs[kind] as (typeof structs)[number]),
    );
  }

  private kind(worker: number, kind: number): Kind {
    return this.records[worker]?.[kind] as Kind;
  }

  private create(worker: number, kind: number): void {
    const id = ++this.ids;
    try {
      const handle = this.kind(worker, kind).create({ id, value: id / 2, fill: new Uint8Array([id]) });
      assert.equal(this.live.has(handle), false, "a handle was given twice");
      this.live.set(handle, { kind, id, owner: worker });
    } catch (error) {
      if (!(error instanceof AllocatorError) || error.code !== "ERR_OUT_OF_MEMORY") throw error;
    }
  }

  private free(worker: number, handle: number): void {
    const { kind } = this.live.get(handle) as Known;
    this.kind(worker, kind).free(handle);
    this.end(handle, kind);
  }

  private end(handle: number, kind: number): void {
    this.live.delete(handle);
    this.ended.push([handle, kind]);
  }

  look(): void {
    for (const [handle, { kind, id }] of this.live) {
      const at = this.kind(0, kind).at(handle);
      assert.deepEqual([at.id, at.value, at.fill[0]], [id, id / 2, id & 255]);
    }
    for (const [handle, kind] of this.ended) assert.equal(this.kind(1, kind).has(handle), false);
    sizes.forEach((_, kind) => {
      const records = this.kind(2, kind);
      const expected = [...this.live].filter(([, known]) => known.kind === kind).map(([handle]) => handle);
      assert.deepEqual(Array.from(records, (each) => each.handle).sort(), expected.sort());
      assert.equal(records.size, expected.length);
    });
    assert.deepEqual((this.workers[0] as SlabAllocator).check(), []);
  }
}

describe("records against a model", () => {
  for (const isPool of [false, true]) {
    it(`in ${isPool ? "a pool" : "slabs"}`, (test) => {
      const seed = runSeed();
      test.diagnostic(`OFFHEAP_SEED=${seed}`);
      for (let run = 0; run < 4; run++) {
        const bench = new Bench(seed + run, isPool);
        for (let round = 0; round < 12; round++) {
          for (let step = 0; step < 150; step++) bench.step();
          bench.look();
        }
      }
    });
  }
});
