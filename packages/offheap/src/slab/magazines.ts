// The magazines of one worker, as core/magazine/ has them.

import type { ChunkIndex, SlotIndex } from "../base/index.ts";
import type { SizeClass } from "../layout/index.ts";
import { checkedRoundCount, roundCountIn } from "./counters.ts";
import type { Slabs } from "./slabs.ts";

export class Magazines {
  readonly slabs: Slabs;
  /** By class index; 0 is the class of no slab. */
  readonly classes: readonly SizeClass[];

  constructor(slabs: Slabs, classes: readonly SizeClass[]) {
    this.slabs = slabs;
    this.classes = classes;
  }

  hasRounds(sizeClass: SizeClass): boolean {
    return roundCountIn(this.slabs.heap, sizeClass) > 0;
  }

  /** Sends the `count` oldest rounds home; returns how many left the magazine. @throws ERR_CORRUPT_HEAP */
  drain(sizeClass: SizeClass, count: number): number {
    checkedRoundCount(this.slabs.heap, sizeClass);
    return this.slabs.core.sendHome(sizeClass.index, count);
  }

  /** Fills an empty magazine up to three quarters; false when no slab with a free slot can be had. */
  refill({ index }: SizeClass): boolean {
    return Boolean(this.slabs.core.refill(index));
  }

  /** Takes slots of a slab that this worker has claimed into its empty magazine, and unclaims it. */
  takeFrom({ index }: SizeClass, head: ChunkIndex): boolean {
    return Boolean(this.slabs.core.takeFrom(index, head));
  }

  /** When nothing can go home, there is space for one round more: the slot is freed, and found again by a walk. */
  freeStray({ index }: SizeClass, slot: SlotIndex): void {
    this.slabs.core.freeStray(index, slot);
  }

  /** Takes the top round out of the list; its slot stays cached, as a stray. */
  turnIntoStray({ index }: SizeClass): void {
    this.slabs.core.turnIntoStray(index);
  }

  /** Blanks the words above the top, so that a slot which became a stray cannot be taken for one half freed. */
  forgetRounds({ index }: SizeClass): void {
    this.slabs.core.forgetRounds(index);
  }

  /** Gives up to `limit` wholly free slabs back, lowest first; returns how many went. */
  releaseEmpty(limit: number): number {
    return this.slabs.core.releaseEmpty(Math.min(limit, this.slabs.heap.layout.chunkCount));
  }

  /** After an exception in the middle of a drain. */
  resetScratch(): void {
    this.slabs.core.forgetDrain();
  }
}
