// The timed pass: nothing in the loop but the loads of the stream, the calls, one write into each object
// and (unless told not to) one read of it before it is freed.
//
// What is written is the object's seat and its worker, mixed: no two live objects of all workers have the
// same. The comparison is gathered without a branch and looked at once a stride. Measured on four traces,
// the read costs VERIFY_COST an operation.

import type { AttachedHeap } from "../allocators/adapter.ts";
import type { Stream } from "../stream.ts";

/** Set in every fill, so that it is not what fresh memory holds. */
const fillMark = 0x5eed_0000;

export class WordPass {
  readonly #heap: AttachedHeap;
  readonly #stream: Stream;
  readonly #addresses: Uint32Array;
  readonly #index: number;
  readonly #workers: number;
  readonly #verify: boolean;

  constructor(
    heap: AttachedHeap,
    stream: Stream,
    options: { index: number; workers: number; verify: boolean },
  ) {
    this.#heap = heap;
    this.#stream = stream;
    this.#addresses = new Uint32Array(stream.seatCount);
    this.#index = options.index;
    this.#workers = options.workers;
    this.#verify = options.verify;
  }

  /** Replays `[from, to)`; false when an object freed in it had lost its fill. */
  run(from: number, to: number): boolean {
    const { sizes, seats } = this.#stream;
    const { allocator } = this.#heap;
    const { u32 } = allocator;
    const addresses = this.#addresses;
    const index = this.#index;
    const workers = this.#workers;
    const verify = this.#verify;
    let difference = 0;
    for (let i = from; i < to; i++) {
      const size = sizes[i];
      const seat = seats[i];
      if (size > 0) {
        const address = allocator.allocate(size);
        addresses[seat] = address;
        u32[address >>> 2] = (Math.imul(seat, workers) + index) ^ fillMark;
      } else if (size === 0) {
        const address = addresses[seat];
        if (verify) difference |= u32[address >>> 2] ^ (Math.imul(seat, workers) + index) ^ fillMark;
        allocator.deallocate(address);
      } else {
        const fill = (Math.imul(seat, workers) + index) ^ fillMark;
        const address = this.#heap.reallocate(addresses[seat], -size);
        addresses[seat] = address;
        if (verify && size <= -4) difference |= u32[address >>> 2] ^ fill; // of less, not the whole word is kept
        u32[address >>> 2] = fill;
      }
    }
    return difference === 0;
  }

  /** Frees what the stream leaves behind. */
  release(): boolean {
    const { allocator } = this.#heap;
    let difference = 0;
    for (const seat of this.#stream.seatsAtEnd) {
      const address = this.#addresses[seat];
      difference |= allocator.u32[address >>> 2] ^ (Math.imul(seat, this.#workers) + this.#index) ^ fillMark;
      allocator.deallocate(address);
    }
    return difference === 0;
  }
}
