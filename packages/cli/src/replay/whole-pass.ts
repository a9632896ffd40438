// The thorough pass, not timed: every word of an object is written, and compared before it is freed (of very large
// ones some words only: fill.ts).
//
// An object's fill is made from the operation that allocated it and from its worker, so it is no other
// object's, live or past. A size is rounded up to words, which is inside the slot: all sizes of slots are
// multiples of 8.

import type { AttachedHeap } from "../allocators/adapter.ts";
import type { Stream } from "../stream.ts";
import { keepsFill, writeFill } from "./fill.ts";

/** An object that did not hold any more what was written into it; where it is, if that is known. */
export interface Loss {
  readonly address: number | undefined;
}

/** An odd factor only permutes the 32-bit numbers, so different fills stay different. */
const spread = 0x9e37_79b1;

export class WholePass {
  readonly #heap: AttachedHeap;
  readonly #stream: Stream;
  readonly #addresses: Uint32Array;
  readonly #wordCounts: Uint32Array;
  readonly #fills: Uint32Array;
  readonly #index: number;
  readonly #workers: number;

  constructor(heap: AttachedHeap, stream: Stream, options: { index: number; workers: number }) {
    this.#heap = heap;
    this.#stream = stream;
    this.#addresses = new Uint32Array(stream.seatCount);
    this.#wordCounts = new Uint32Array(stream.seatCount);
    this.#fills = new Uint32Array(stream.seatCount);
    this.#index = options.index;
    this.#workers = options.workers;
  }

  /** Replays `[from, to)`; the first object that had lost its fill, or undefined. */
  run(from: number, to: number): Loss | undefined {
    const { sizes, seats } = this.#stream;
    for (let i = from; i < to; i++) {
      const size = sizes[i];
      const seat = seats[i];
      if (size > 0) this.#allocate(seat, size, i);
      else {
        const loss = size === 0 ? this.#free(seat) : this.#reallocate(seat, -size);
        if (loss) return loss;
      }
    }
    return undefined;
  }

  release(): Loss | undefined {
    for (const seat of this.#stream.seatsAtEnd) {
      const loss = this.#free(seat);
      if (loss) return loss;
    }
    return undefined;
  }

  #allocate(seat: number, size: number, operation: number): void {
    this.#addresses[seat] = this.#heap.allocator.allocate(size);
    this.#fills[seat] = Math.imul(operation * this.#workers + this.#index + 1, spread);
    this.#write(seat, size);
  }

  #free(seat: number): Loss | undefined {
    const address = this.#addresses[seat];
    if (!this.#holds(seat, this.#wordCounts[seat])) return { address };
    this.#heap.allocator.deallocate(address);
    return undefined;
  }

  #reallocate(seat: number, size: number): Loss | undefined {
    this.#addresses[seat] = this.#heap.reallocate(this.#addresses[seat], size);
    // The last word may be kept in part, when a size is no multiple of 4.
    if (!this.#holds(seat, Math.min(this.#wordCounts[seat], Math.floor(size / 4))))
      return { address: this.#addresses[seat] };
    this.#write(seat, size);
    return undefined;
  }

  #write(seat: number, size: number): void {
    const wordCount = Math.ceil(size / 4);
    this.#wordCounts[seat] = wordCount;
    writeFill(this.#heap.allocator.u32, this.#addresses[seat] >>> 2, wordCount, this.#fills[seat]);
  }

  #holds(seat: number, keptCount: number): boolean {
    const first = this.#addresses[seat] >>> 2;
    return keepsFill(this.#heap.allocator.u32, first, this.#wordCounts[seat], keptCount, this.#fills[seat]);
  }
}
