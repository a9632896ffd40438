// What the parts of a round share: the heap, the ledger, the control words, and what was found.

import { AllocatorError, type HeapOptions, type ReapReport, type SlabAllocator } from "offheap";
import type { Random } from "offheap-tools";
import type { Control, Findings } from "./control.ts";
import { fillOffence } from "./fill.ts";
import type { Ledger } from "./ledger.ts";
import type { Tally } from "./tally.ts";

/** The seat by which the main thread holds a cell. */
export const mainSeat = 0;

export class Scene {
  readonly options: HeapOptions;
  readonly heap: SlabAllocator;
  readonly ledger: Ledger;
  readonly control: Control;
  readonly random: Random;
  readonly tally: Tally;
  readonly violations: string[] = [];
  /** Workers killed between an allocation and the note of its address: as many objects may be nameless. */
  nameless = 0;

  constructor(
    options: HeapOptions,
    heap: SlabAllocator,
    ledger: Ledger,
    control: Control,
    random: Random,
    tally: Tally,
  ) {
    this.options = options;
    this.heap = heap;
    this.ledger = ledger;
    this.control = control;
    this.random = random;
    this.tally = tally;
  }

  violate(what: string): void {
    this.violations.push(what);
  }

  /** Whether there is a live object at an address. */
  isLive(address: number): boolean {
    try {
      this.heap.sizeOf(address);
      return true;
    } catch (error) {
      if (error instanceof AllocatorError && error.code === "ERR_DOUBLE_FREE") return false;
      if (error instanceof AllocatorError && error.code === "ERR_INVALID_ADDRESS") return false;
      throw error;
    }
  }

  /** Reads the fill of a cell's object, which nobody else holds. */
  verify(cell: number, when: string): void {
    const address = this.ledger.addressOf(cell);
    const offence = fillOffence(
      this.heap.i32,
      address,
      this.heap.sizeOf(address),
      this.ledger.serialOf(cell),
    );
    if (offence !== undefined) this.violate(`${when}: ${offence}`);
  }

  note(found: Findings | ReapReport): void {
    const { tally } = this;
    if (found.operation === "slow") tally.inSlow++;
    if (found.operation === "allocate") tally.inAllocate++;
    if (found.operation === "deallocate") tally.inDeallocate++;
    tally.claims += found.claims;
    tally.spans += found.spans;
    tally.cachedBytes += found.cachedBytes;
    tally.freedBytes += found.freedBytes;
    tally.disownedObjects += found.liveObjects;
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
