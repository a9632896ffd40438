// Values that this worker has read lately, by key, each with the way to its entry (core/map/recall.ts). While that stands, the value is
// what the map has: the key is neither hashed nor compared in the shared memory, and the value is not decoded.
//
//   a slot   the way: head · stamp, first and second between or 0 · stamp, entry · stamp      all of one turn of stamps

import type { Core } from "../memory/index.ts";

/** Longer texts are decoded each time. */
const mostUnits = 256;
/**
 * Nothing is kept of a longer key: 16,384 of them would be of megabytes, and V8 tells those of over 16,383 units that have one length
 * by comparing each with each.
 */
const mostKeyUnits = 1024;
/** Slots at first, and at most, as powers of two. */
const firstLog = 6;
const lastLog = 14;
/** Of so many keys that find no slot, one takes another's. */
const givenUp = 4;
/** Reads of as many slots as there are, between two looks at what those are good for. */
const rounds = 4;
/** Looks for which nothing is kept, when fewer reads than one in eight were found in the most slots. */
const looksOff = 63;
const wordsLog = 3;

export const noSlot = -1;
/** Of a key that has none, and is to have none. */
export const neverSlot = -2;

export class Recent {
  private ways = new Int32Array(1 << (firstLog + wordsLog));
  private log = firstLog;
  private readonly slots = new Map<unknown, number>();
  private keys: unknown[] = [];
  private values: unknown[] = [];
  /** When they expire, in milliseconds since 1970; 0: never. */
  private untils = new Float64Array(1 << firstLog);
  private anyExpires = false;
  private turn = 0;
  private hand = 0;
  private refused = 0;
  private reads = 0;
  private hits = 0;
  private off = 0;

  /** The slot of a key; the turn of stamps is read before anything of its entry is. */
  slotOf(key: unknown, turn: number): number {
    if (typeof key === "string" && key.length > mostKeyUnits) return neverSlot;
    if (turn !== this.turn) this.forget(turn);
    this.reads = (this.reads + 1) | 0;
    if (this.reads >= rounds << this.log) this.look();
    return this.off !== 0 ? noSlot : (this.slots.get(key) ?? noSlot);
  }

  /** Whether what stands in a slot has expired. */
  hasExpired(slot: number): boolean {
    if (!this.anyExpires) return false;
    const until = this.untils[slot] as number;
    return until !== 0 && until <= Date.now();
  }

  /** Whether the entry at the end of a slot's way is in the map. With the books of a cache it is used then, and counts as a hit. */
  stands(core: Core, map: number, cache: number, slot: number): boolean {
    const { ways } = this;
    const at = slot << wordsLog;
    return Boolean(
      core.isStanding(
        map,
        cache,
        this.turn,
        ways[at] as number,
        ways[at + 1] as number,
        ways[at + 2] as number,
        ways[at + 3] as number,
        ways[at + 4] as number,
        ways[at + 5] as number,
        ways[at + 6] as number,
        ways[at + 7] as number,
      ),
    );
  }

  /** The value in a slot whose way stands. */
  hit(slot: number): unknown {
    this.hits = (this.hits + 1) | 0;
    return this.values[slot];
  }

  /** Whether a value that was read is to be kept. */
  wants(value: unknown): boolean {
    return this.off === 0 && (typeof value !== "string" || value.length <= mostUnits);
  }

  /** Where a key that has no slot finds one; `noSlot`: nowhere, this time. */
  take(key: unknown): number {
    const { slots, keys } = this;
    let slot = keys.length;
    if (slot === 1 << lastLog) {
      this.refused = (this.refused + 1) | 0;
      if (this.refused % givenUp !== 0) return noSlot;
      slot = this.hand;
      this.hand = (slot + 1) & ((1 << lastLog) - 1);
      slots.delete(keys[slot]);
    } else if (slot === 1 << this.log) this.resize(this.log + 2);
    slots.set(key, slot);
    keys[slot] = key;
    return slot;
  }

  /** Keeps a value in a slot; the way to its entry was noted at `at` in `from`. */
  put(slot: number, from: Int32Array, at: number, value: unknown, until: number): void {
    const { ways } = this;
    const first = slot << wordsLog;
    for (let i = 0; i < 1 << wordsLog; i++) ways[first + i] = from[at + i] as number;
    this.untils[slot] = until;
    if (until !== 0) this.anyExpires = true;
    this.values[slot] = value;
  }

  /** Nothing is kept for a while where the most slots are of no use. */
  private look(): void {
    const isUseless = this.hits < (rounds << this.log) / 8;
    this.reads = 0;
    this.hits = 0;
    if (this.off > 0) this.off--;
    else if (isUseless && this.log === lastLog) {
      this.off = looksOff;
      this.forget(this.turn);
    }
  }

  private forget(turn: number): void {
    this.turn = turn;
    this.slots.clear();
    this.keys = [];
    this.values = [];
  }

  private resize(log: number): void {
    const { ways, untils } = this;
    this.log = log;
    this.ways = new Int32Array(1 << (log + wordsLog));
    this.untils = new Float64Array(1 << log);
    this.ways.set(ways);
    this.untils.set(untils);
  }
}
