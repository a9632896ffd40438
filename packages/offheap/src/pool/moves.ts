// Objects that move: what reallocate does where an object cannot stay. One worker's.
//
//   a new object, doomed (large/doomed.ts) · the bytes · the old one made the caller's · the old one doomed instead: from
//   here on the move has taken place · the old one freed · nothing doomed
//
// So of a worker that dies in here exactly one of the two is left. An exception leaves the old one: `finish`, at the
// worker's next call, ends the new one. Hence no call stands between what dooms a slot and what makes it live. Where one
// stands behind what dooms the old one, the fast path is closed before: else what another frees and builds at that place,
// and hands over, could be this worker's before its next call in here, and end with it.

import type { SlowPath } from "../allocator/index.ts";
import { claimLarge, ownerBits } from "../arena/index.ts";
import type { Address } from "../base/index.ts";
import { doomedAt, doomOfSlot, doomOfSpan, type Large, type LocatedLarge, notLive } from "../large/index.ts";
import {
  gauge,
  header,
  liveBy,
  type SizeClass,
  slotLive,
  spaceMaskOf,
  wordsPerRound,
} from "../layout/index.ts";
import type { Core, Heap } from "../memory/index.ts";
import { nowhere } from "../pages/index.ts";
import { addressOf, type Located, roundCountIn, slotOfRound } from "../slab/index.ts";

/** As often as an object's owner may change between a look at it and the exchange. */
const ownerTries = 4;

export class Moves {
  /** Still true at the worker's next call: an exception cut a move short. */
  isUnderWay = false;
  /** What stands for the new object. */
  private doomOfNext = 0;
  /** The resets that there had been when the move began. */
  private resetsThen = 0;
  private isClosed = false;
  private readonly heap: Heap;
  private readonly slow: SlowPath;
  private readonly large: Large;
  private readonly allocateLarge: (size: number) => number;
  private readonly doomedAt: number;
  private readonly ownState: number;
  private readonly spaceMask: number;

  constructor(heap: Heap, slow: SlowPath, large: Large, allocateLarge: (size: number) => number) {
    this.heap = heap;
    this.slow = slow;
    this.large = large;
    this.allocateLarge = allocateLarge;
    this.doomedAt = doomedAt(heap, slow.place);
    this.ownState = liveBy(slow.place);
    this.spaceMask = spaceMaskOf(heap.layout.magazineShift);
  }

  /**
   * Moves an object to where there is space for `size` bytes; `index` is their class, 0 for none. Its new address, or
   * `nowhere`: then there is no such place, and nothing has changed.
   */
  move(u8: Uint8Array, address: Address, size: number, index: number, from: Located | LocatedLarge): number {
    const { words } = this.heap;
    const isSlot = "sizeClass" in from;
    const bytes = isSlot ? from.sizeClass.objectBytes : from.units * from.unitBytes;
    this.slow.repair();
    this.doomOfNext = 0;
    this.resetsThen = words[header.resets] as number;
    this.isUnderWay = true;
    const next =
      index === 0 ? this.allocateLarge(size) : this.allocateSlot(this.slow.classes[index] as SizeClass);
    if (next === nowhere) {
      this.end();
      return nowhere;
    }
    this.doomOfNext = words[this.doomedAt] as number;
    u8.copyWithin(next, address, address + Math.min(size, bytes));
    if (isSlot) this.freeSlot(from, address);
    else this.freeLarge(address);
    words[this.doomedAt] = 0;
    this.end();
    return next;
  }

  /** Where an object of so many bytes is then, if one call of the core can tell; else 0, and it is as it was. */
  moveInCore(address: Address, size: number): number {
    this.doomOfNext = 0;
    this.resetsThen = this.heap.words[header.resets] as number;
    this.isUnderWay = true;
    const { core, slow } = this;
    const { lookup } = slow;
    const { mostBytes, chunks } = lookup;
    lookup.pause();
    const next = core.reallocateInCore(address, size);
    lookup.mostBytes = mostBytes;
    lookup.chunks = chunks;
    // A module's realloc may have been cut short, of which the shell knows nothing; a reset has ended what it moved.
    const isLeft = next === 0 && this.core.doomOfMove() !== 0;
    this.isUnderWay = isLeft && this.heap.words[this.doomedAt] !== 0;
    if (isLeft && !this.isUnderWay) this.core.endMove();
    return next >>> 0;
  }

  /** After an exception in a move: the object is where it was, and what it was to be ends. */
  finish(): void {
    const { words } = this.heap;
    this.doomOfNext ||= this.core.doomOfMove();
    // A reset by another has ended both objects, and what is at their addresses now is not of this move.
    const isReset = words[header.resets] !== this.resetsThen;
    if (this.doomOfNext !== 0 && !isReset) words[this.doomedAt] = this.doomOfNext;
    if (words[this.doomedAt] !== 0) this.slow.endDoomed();
    this.slow.repair();
    this.end();
  }

  private get core(): Core {
    return this.heap.coreOf(this.slow.place);
  }

  private close(): void {
    this.slow.lookup.close();
    this.isClosed = true;
  }

  private end(): void {
    this.core.endMove();
    this.isUnderWay = false;
    if (this.isClosed) this.slow.lookup.open();
    this.isClosed = false;
  }

  /** As the fast path does it, but for what is noted before. */
  private allocateSlot(sizeClass: SizeClass): number {
    const { heap, slow } = this;
    const { words, states } = heap;
    const { gaugeAt } = sizeClass;
    let top = roundCountIn(heap, sizeClass) - 1;
    if (top < 0 || !slow.holds(sizeClass, slotOfRound(heap, sizeClass, top))) {
      if (!slow.findRound(sizeClass)) return nowhere;
      top = roundCountIn(heap, sizeClass) - 1;
    }
    const slot = slotOfRound(heap, sizeClass, top);
    const address = addressOf(heap, sizeClass, slot);
    const filled = (words[gaugeAt] as number) + gauge.allocated;
    this.doomOfNext = doomOfSlot(slot);
    words[this.doomedAt] = this.doomOfNext;
    states[slot] = this.ownState;
    words[gaugeAt] = filled;
    return address;
  }

  private freeSlot({ sizeClass, slot }: Located, address: Address): void {
    const { heap, slow } = this;
    const { words, states } = heap;
    const { gaugeAt } = sizeClass;
    // As deallocate has it: else the magazine is full, or the gauge about to run over.
    const isSpace = ((words[gaugeAt] as number) & this.spaceMask) > 1 || slow.ensureSpace(sizeClass);
    this.own(slot, address);
    const filled = (words[gaugeAt] as number) + 1;
    const roundAt = sizeClass.magazineAt + roundCountIn(heap, sizeClass) * wordsPerRound;
    if (!isSpace) this.close();
    words[this.doomedAt] = doomOfSlot(slot);
    if (!isSpace) {
      slow.freeStray(sizeClass, slot);
      return;
    }
    words[roundAt] = address;
    words[roundAt + 1] = slot + heap.layout.tableBytes;
    states[slot] = slow.place;
    words[gaugeAt] = filled;
  }

  /** Makes a slot's object the caller's. */
  private own(slot: number, address: Address): void {
    const { states, atomics } = this.heap;
    for (let tries = 0; tries < ownerTries; tries++) {
      const state = states[slot] as number;
      if (state === this.ownState) return;
      if (state < slotLive) break;
      if (atomics.swapByte(states, slot, state, this.ownState)) return;
    }
    throw notLive(address, "it was freed meanwhile");
  }

  private freeLarge(address: Address): void {
    this.slow.countFreed();
    this.close();
    for (let tries = 0; tries < ownerTries; tries++) {
      const found = this.large.locate(address);
      if (found === undefined) break;
      if (!this.isOwn(found)) {
        this.large.adopt(found);
        continue;
      }
      this.heap.words[this.doomedAt] = found.isRun ? doomOfSlot(found.slot) : doomOfSpan(found.head);
      if (this.large.free(found)) return;
    }
    throw notLive(address, "it was freed meanwhile");
  }

  private isOwn({ isRun, state }: LocatedLarge): boolean {
    if (isRun) return state === this.ownState;
    return (state & ownerBits) === claimLarge(this.slow.place, 1);
  }
}
