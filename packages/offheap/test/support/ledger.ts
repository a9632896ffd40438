// What statistics must say, counted by the test for itself: calls in a ledger, a line a place and a class; slots, pages
// and spans by a look at each claim word and state byte, which are the truth. Nothing of the library's counting is used.

import assert from "node:assert/strict";
import type { MemoryPool, SlabAllocator } from "offheap";
import type { Heap } from "#src/memory/heap.js";
import { usualEngine } from "./usual-engine.ts";

const chunkBytes = 65_536;
const pageBytes = 2048;
const wideBytes = 8192;

interface Line {
  allocs: number;
  deallocs: number;
}

/** A live object: bytes of its slot, run or span. */
export interface Entry {
  readonly bytes: number;
  readonly isSlot: boolean;
  /** Place of the worker whose it is; 0: nobody's. */
  readonly owner: number;
}

export class Ledger {
  readonly live = new Map<number, Entry>();
  private readonly heap: Heap;
  /** By place and bytes of the class. */
  private readonly lines = new Map<string, Line>();
  private readonly large: Line = { allocs: 0, deallocs: 0 };
  private peak = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /**
   * What an object takes that was asked for with so many bytes, aligned as asked for, and has `usable`. A pool serves
   * a wide class by slots or by page runs, told apart where the class is no multiple of a page. Its wide slots are of
   * the request's own class: a larger alignment gets a page run.
   */
  placeFor(size: number, usable: number, align = 8): { bytes: number; isSlot: boolean } {
    const { objectBytes, slotsPerSlab, pageSpanChunks } = this.heap.layout;
    const own = objectBytes.find((bytes) => bytes >= size);
    const slot = objectBytes.find((bytes) => bytes >= size && (align <= 8 || bytes % align === 0));
    const isPool = pageSpanChunks > 0;
    const mayBeSlot = slot !== undefined && (!isPool || slot <= wideBytes || slot === own);
    if (mayBeSlot && (!isPool || slot <= wideBytes || slot === usable)) return { bytes: slot, isSlot: true };
    const isRun = size <= Math.min(448 * 1024, slotsPerSlab * pageBytes) && align <= chunkBytes;
    const unit = isRun ? pageBytes : chunkBytes;
    return { bytes: Math.ceil(size / unit) * unit, isSlot: false };
  }

  allocated(address: number, place: number, { bytes, isSlot }: { bytes: number; isSlot: boolean }): void {
    assert.ok(!this.live.has(address), `${address} was given twice`);
    this.lineOf(place, isSlot ? bytes : 0).allocs++;
    this.live.set(address, { bytes, isSlot, owner: place });
  }

  freed(address: number, place: number): void {
    const { bytes, isSlot } = this.live.get(address) as Entry;
    this.lineOf(place, isSlot ? bytes : 0).deallocs++;
    this.live.delete(address);
  }

  /** What an object is from now on, where it is. */
  changed(address: number, change: Partial<Entry>): void {
    this.live.set(address, { ...(this.live.get(address) as Entry), ...change });
  }

  ownedBy(place: number): number[] {
    return [...this.live].filter(([, { owner }]) => owner === place).map(([address]) => address);
  }

  private lineOf(place: number, classBytes: number): Line {
    if (classBytes === 0) return this.large;
    const key = `${place}/${classBytes}`;
    const line = this.lines.get(key) ?? { allocs: 0, deallocs: 0 };
    this.lines.set(key, line);
    return line;
  }

  /** Every number of the statistics that these workers, who are all there are, show. */
  verify(workers: readonly (SlabAllocator | MemoryPool)[]): void {
    const { layout, dataAt, offset, source } = this.heap;
    const seen = new Seen(this.heap);
    const entries = [...this.live.values()];
    const sum = (some: readonly { bytes: number }[]) => some.reduce((total, { bytes }) => total + bytes, 0);
    const lines = [...this.lines];
    const total = (which: keyof Line, some: readonly [string, Line][]) =>
      some.reduce((count, [, line]) => count + line[which], 0);
    const sizeClasses = layout.objectBytes.map((objectSize) => {
      const own = lines.filter(([key]) => key.endsWith(`/${objectSize}`));
      const slots = seen.slots.get(objectSize) ?? { slabs: 0, objects: 0, live: 0, free: 0 };
      const allocated = entries.filter(({ isSlot, bytes }) => isSlot && bytes === objectSize).length;
      assert.equal(slots.live, allocated, `live state bytes of ${objectSize} bytes`);
      return {
        objectSize,
        objectsPerSlab: this.slotsOfFullSlab(objectSize),
        totalSlabs: slots.slabs,
        totalObjects: slots.objects,
        allocated,
        cached: slots.objects - slots.live - slots.free,
        free: slots.free,
        allocs: total("allocs", own),
        deallocs: total("deallocs", own),
      };
    });
    const listed = workers.map(({ workerId }) => {
      const own = lines.filter(([key]) => key.startsWith(`${workerId % 128}/`));
      const cached = seen.cached[workerId % 128] as number;
      return {
        workerId,
        threadId: 0,
        allocs: total("allocs", own),
        deallocs: total("deallocs", own),
        cached,
      };
    });
    const objects = entries.filter(({ isSlot }) => !isSlot);
    const large = { ...this.large, objects: objects.length, bytes: sum(objects), ...seen.pages };
    const stats = (workers[0] as SlabAllocator).stats();
    this.peak = Math.max(this.peak, seen.spanBytes);
    const isPeak = stats.peakSpanBytes >= this.peak && stats.peakSpanBytes <= layout.chunkCount * chunkBytes;
    assert.ok(isPeak, `${stats.peakSpanBytes} is said to be the most, ${this.peak} were seen`);
    this.peak = stats.peakSpanBytes;
    const memory = Object.prototype.toString.call(source).slice("[object ".length, -1);
    assert.deepEqual(stats, {
      capacity: layout.capacityBytes,
      spanBytes: seen.spanBytes,
      peakSpanBytes: stats.peakSpanBytes,
      bookBytes: dataAt - offset,
      hugeBytes: 0,
      memory,
      engine: memory === "WebAssembly.Memory" ? usualEngine() : "js",
      allocs: total("allocs", lines) + this.large.allocs,
      deallocs: total("deallocs", lines) + this.large.deallocs,
      liveObjects: entries.length,
      liveBytes: sum(entries),
      sizeClasses,
      workers: listed.sort((a, b) => (a.workerId % 128) - (b.workerId % 128)),
      ...(layout.pageSpanChunks > 0 ? { large } : {}),
    });
  }

  /** About a MiB, 16 to as many slots as a slab may have, within as many chunks. */
  private slotsOfFullSlab(bytes: number): number {
    const { slotsPerSlab, slabChunks } = this.heap.layout;
    const aim = Math.min(Math.max(Math.floor(2 ** 20 / bytes), 16), slotsPerSlab);
    const chunks = Math.min(Math.ceil((aim * bytes) / chunkBytes), slabChunks);
    return Math.min(slotsPerSlab, Math.floor((chunks * chunkBytes) / bytes));
  }
}

/** What the claim words and state bytes say. */
class Seen {
  spanBytes = 0;
  readonly slots = new Map<number, { slabs: number; objects: number; live: number; free: number }>();
  /** By place. */
  readonly cached: number[] = Array<number>(127).fill(0);
  readonly pages = { pageSpans: 0, freeBytes: 0 };

  constructor({ layout, words, states }: Heap) {
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
      const claim = words[layout.claimsAt + chunk] as number;
      const kind = claim & 7;
      const length = ((claim >>> 10) & 0xffff) + 1;
      const first = chunk * 2 ** layout.stateShift;
      if (kind !== 0) this.spanBytes += chunkBytes;
      if (kind === 3 || kind === 4) {
        const bytes = layout.objectBytes[(claim >>> 26) - 1] as number;
        const count = Math.min(layout.slotsPerSlab, Math.floor((length * chunkBytes) / bytes));
        this.addSlab(bytes, states.subarray(first, first + count));
      } else if (kind === 6 || kind === 7) {
        const pages = Math.min(layout.slotsPerSlab, length * (chunkBytes / pageBytes));
        this.addPages(states.subarray(first, first + 2 * pages));
      } else if (kind === 2 && (claim & (1 << 26)) !== 0) {
        // A span that was freed, and that its worker keeps.
        this.pages.freeBytes += length * chunkBytes;
      }
    }
  }

  private addSlab(bytes: number, states: Uint8Array): void {
    const slots = this.slots.get(bytes) ?? { slabs: 0, objects: 0, live: 0, free: 0 };
    this.slots.set(bytes, slots);
    slots.slabs++;
    slots.objects += states.length;
    for (const state of states) {
      if (state === 0) slots.free++;
      else if (state >= 128) slots.live++;
      else this.cached[state] = (this.cached[state] as number) + 1;
    }
  }

  private addPages(states: Uint8Array): void {
    this.pages.pageSpans++;
    for (let at = 0; at < states.length; at += 2) {
      const pages = states[at] === 0 ? 1 : (states[at + 1] as number);
      // 127: kept by a worker for its next run of that length.
      if (states[at] === 0 || states[at] === 127) this.pages.freeBytes += pages * pageBytes;
      at += 2 * (pages - 1);
    }
  }
}
