// Memory touched by a workload, in pages of 4 KiB, counted and fixed in golden/footprint.json: what is never
// written is never committed by the OS. Each object is written whole, and nothing written is 0.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import { Random } from "./support/random.ts";

interface Touched {
  /** Pages of the books, and of the data behind them. */
  readonly books: number;
  readonly data: number;
  /** The most bytes that were requested at one time, in pages. */
  readonly requested: number;
}

const golden = JSON.parse(
  readFileSync(new URL("../test/golden/footprint.json", import.meta.url), "utf8"),
) as Record<string, Touched>;

const pageBytes = 4096;
const heap = { memory: "local", capacity: 128 << 20, maxWorkers: 4 } as const;
const makes = {
  slabs: () => new SlabAllocator(heap),
  "slabs, fine": () => new SlabAllocator({ ...heap, sizeClasses: SizeClasses.fine }),
  pool: () => new MemoryPool(heap),
};

/** What lives in an allocator, written whole. */
class Objects {
  private readonly allocator: SlabAllocator | MemoryPool;
  readonly live: { address: number; size: number }[] = [];
  private requested = 0;
  peak = 0;

  constructor(allocator: SlabAllocator | MemoryPool) {
    this.allocator = allocator;
  }

  add(size: number): void {
    const address = this.allocator.allocate(size);
    this.allocator.u8.fill(255, address, address + size);
    this.live.push({ address, size });
    this.requested += size;
    this.peak = Math.max(this.peak, this.requested);
  }

  remove(index: number): void {
    const gone = this.live[index] as { address: number; size: number };
    this.live[index] = this.live.at(-1) as typeof gone;
    this.live.pop();
    this.allocator.deallocate(gone.address);
    this.requested -= gone.size;
  }
}

const workloads: Record<string, (objects: Objects, random: Random) => void> = {
  "one object": (objects) => objects.add(64),
  "a pair, over and over": (objects) => {
    for (let i = 0; i < 10_000; i++) {
      objects.add(64);
      objects.remove(0);
    }
  },
  "65,536 of 64 bytes, freed shuffled, and again": (objects, random) => {
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < 65_536; i++) objects.add(64);
      while (objects.live.length > 0) objects.remove(random.below(objects.live.length));
    }
  },
  "8 to 1,007 bytes, 4,096 live, replaced at random": (objects, random) => {
    for (let i = 0; i < 4096; i++) objects.add(8 + random.below(1000));
    for (let i = 0; i < 60_000; i++) {
      objects.remove(random.below(objects.live.length));
      objects.add(8 + random.below(1000));
    }
  },
  "one size after another, all freed in between": (objects, random) => {
    for (let size = 16; size <= 8192; size *= 2) {
      for (let bytes = 0; bytes < 4 << 20; bytes += size) objects.add(size);
      while (objects.live.length > 0) objects.remove(random.below(objects.live.length));
    }
  },
};

/** For a pool alone: in its size classes over 8 KiB, and in page runs. */
const largeWorkloads: typeof workloads = {
  "8 to 32 KiB, 200 live, replaced at random": (objects, random) => {
    const size = () => 8193 + random.below(24_576);
    for (let i = 0; i < 200; i++) objects.add(size());
    for (let i = 0; i < 20_000; i++) {
      objects.remove(random.below(objects.live.length));
      objects.add(size());
    }
  },
  "one of 20,000 bytes now and then, among small ones": (objects, random) => {
    for (let i = 0; i < 20_000; i++) objects.add(8 + random.below(100));
    for (let i = 0; i < 5; i++) {
      objects.add(20_000);
      objects.remove(objects.live.length - 1);
    }
  },
};

function touchedIn(buffer: ArrayBufferLike, from: number, to: number): number {
  const words = new BigUint64Array(buffer);
  let pages = 0;
  for (let page = from / pageBytes; page < to / pageBytes; page++) {
    const end = ((page + 1) * pageBytes) / 8;
    for (let i = (page * pageBytes) / 8; i < end; i++) {
      if (words[i] === 0n) continue;
      pages++;
      break;
    }
  }
  return pages;
}

describe("memory touched", () => {
  for (const [workload, run] of Object.entries({ ...workloads, ...largeWorkloads })) {
    for (const [kind, make] of Object.entries(makes)) {
      if (workload in largeWorkloads && kind !== "pool") continue;
      it(`is what is written down: ${workload}, ${kind}`, () => {
        const allocator = make();
        const objects = new Objects(allocator);
        run(objects, new Random(1));
        const { bookBytes, capacity } = allocator.stats();
        const touched: Touched = {
          books: touchedIn(allocator.u8.buffer, 0, bookBytes),
          data: touchedIn(allocator.u8.buffer, bookBytes, capacity),
          requested: Math.ceil(objects.peak / pageBytes),
        };
        assert.deepEqual(touched, golden[`${workload}, ${kind}`]);
      });
    }
  }
});
