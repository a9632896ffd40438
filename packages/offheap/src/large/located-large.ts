// Which large object an address is: what is told of one, and what of an address that is none.

import { noChunk } from "../arena/index.ts";
import { AllocatorError, type ChunkIndex, show } from "../base/index.ts";
import { chunkBytes } from "../layout/index.ts";

/** A live large object. One is used again for each `locate`, so that no call makes an object of its own. */
export class LocatedLarge {
  isRun = false;
  head = noChunk;
  /** The run's first state byte and what stood there; or of a span 0, and its claim word. */
  slot = 0;
  state = 0;
  /** Pages of the run, or chunks of the span, and how many bytes each has. */
  units = 0;
  unitBytes = chunkBytes;

  tell(
    isRun: boolean,
    head: ChunkIndex,
    slot: number,
    state: number,
    units: number,
    unitBytes: number,
  ): LocatedLarge {
    this.isRun = isRun;
    this.head = head;
    this.slot = slot;
    this.state = state;
    this.units = units;
    this.unitBytes = unitBytes;
    return this;
  }

  /** Units that a size takes. */
  unitsFor(size: number): number {
    return Math.ceil(size / this.unitBytes);
  }
}

export function invalid(address: unknown, why: string): AllocatorError {
  return new AllocatorError("ERR_INVALID_ADDRESS", `address ${show(address)} ${why}`);
}

export function notLive(address: unknown, why: string): AllocatorError {
  return new AllocatorError("ERR_DOUBLE_FREE", `the object at ${show(address)} is not live: ${why}`);
}
