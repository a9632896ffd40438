// What the objects of maps and caches have in common for check(): each is live, nobody's, long enough, and part of one alone.

import { lengthOf } from "../arena/index.ts";
import type { WorkerPlace } from "../base/index.ts";
import { chunkOf, objectBytesAt } from "../generations/index.ts";
import { chunkBytes, intentAt, pageBytes, slotLive } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import type { Report } from "./violation.ts";

export class MapObjects {
  readonly heap: Heap;
  private readonly report: Report;
  /** All objects of maps and caches: each is there once. */
  private readonly met = new Set<number>();

  constructor(heap: Heap, report: Report) {
    this.heap = heap;
    this.report = report;
  }

  has(at: number): boolean {
    return this.met.has(at);
  }

  say(message: string): void {
    this.report("structure", message);
  }

  word(at: number): number {
    return this.heap.whole[at >>> 2] as number;
  }

  /** Whether a live object begins at an address; if a mark is given, one that begins with that. */
  begins(at: number, mark?: number): boolean {
    return this.bytesAt(at) > 0 && (mark === undefined || this.word(at) === mark);
  }

  /** An object of a map: live, nobody's, as long as it must be, and met for the first time. */
  meet(at: number, bytes: number, what: string): boolean {
    const { core, words, layout } = this.heap;
    const owner = core.ownerIn(core.ownerAt(at));
    const has = this.bytesAt(at);
    // Whoever died before it could say that an object is nobody's has an intent still.
    const isOwned = owner > slotLive && words[intentAt(layout, (owner - slotLive) as WorkerPlace)] === 0;
    if (has < bytes) this.say(`${what} is at ${at}, where no live object of ${bytes} bytes begins`);
    else if (isOwned) this.say(`${what} is live by worker ${owner - slotLive}`);
    else if (this.met.has(at)) this.say(`${what} is at ${at}, where another part of a map stands`);
    const isNew = has >= bytes && !this.met.has(at);
    this.met.add(at);
    return isNew;
  }

  /** Bytes of the live object that begins at an address; 0 where none does. */
  bytesAt(address: number): number {
    const { core, layout, dataAt, atomics, words, states } = this.heap;
    const at = core.ownerAt(address);
    if (core.ownerIn(at) < slotLive) return 0;
    const slot = objectBytesAt(this.heap, chunkOf(this.heap, address));
    const run = (states[at] as number) * pageBytes;
    const span = at < 0 ? lengthOf(atomics.load(words, layout.claimsAt - 1 - at)) * chunkBytes : run;
    return Math.min(slot === 0 ? span : slot, dataAt + layout.chunkCount * chunkBytes - address);
  }
}
