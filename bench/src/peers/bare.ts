/**
 * Bare: the least that an allocator in JavaScript does. One ArrayBuffer, a list of free slots for each fine class whose
 * links stand inside the slots, no check, nothing shared, nothing given back. What is over of offheap's time pays for these.
 *
 * A chunk of 64 KiB serves one class for ever; `classOfChunk` finds it from the address alone.
 */
import { SizeClasses } from "offheap";
import type { Stream } from "../stream/format.ts";
import { capacityFor } from "./offheap.ts";
import type { JsPeer, Runner } from "./peer.ts";
import { addressRunner } from "./runners.ts";

const CHUNK_SHIFT = 16;
const CHUNK_BYTES = 2 ** CHUNK_SHIFT;
const GRANULE_SHIFT = 3;
const LIMIT_BYTES = 2 ** 31; // addresses are whole numbers of 32 bits with a sign
const LARGEST_BYTES = Math.max(...SizeClasses.fine);

/** The class of each number of granules. */
function classes(): Uint8Array {
  const table = new Uint8Array((LARGEST_BYTES >> GRANULE_SHIFT) + 1);
  for (let granules = 0, index = 0; granules < table.length; granules++) {
    if (granules << GRANULE_SHIFT > SizeClasses.fine[index]) index++;
    table[granules] = index;
  }
  return table;
}

export class Bare {
  readonly buffer: ArrayBuffer;
  private readonly words: Int32Array;
  private readonly classOfSize = classes();
  private readonly classOfChunk: Uint8Array;
  private readonly free = new Int32Array(SizeClasses.fine.length); // first free slot of a class, 0 = none
  private readonly fresh = new Int32Array(SizeClasses.fine.length); // next slot of a class that was never used
  private readonly last = new Int32Array(SizeClasses.fine.length).fill(-1); // last slot of the chunk that it stands in
  private nextChunk = 1; // address 0 is nobody's

  constructor(capacity: number) {
    this.buffer = new ArrayBuffer(capacity);
    this.words = new Int32Array(this.buffer);
    this.classOfChunk = new Uint8Array(capacity >>> CHUNK_SHIFT);
  }

  allocate(size: number): number {
    const index = this.classOfSize[(size + 7) >>> GRANULE_SHIFT];
    const address = this.free[index];
    if (address === 0) return this.allocateFresh(index);
    this.free[index] = this.words[address >>> 2];
    return address;
  }

  deallocate(address: number): void {
    const index = this.classOfChunk[address >>> CHUNK_SHIFT];
    this.words[address >>> 2] = this.free[index];
    this.free[index] = address;
  }

  private allocateFresh(index: number): number {
    const bytes = SizeClasses.fine[index];
    if (this.fresh[index] > this.last[index]) {
      if (this.nextChunk === this.classOfChunk.length) throw new Error("bare is full");
      this.classOfChunk[this.nextChunk] = index;
      this.fresh[index] = this.nextChunk++ << CHUNK_SHIFT;
      this.last[index] = this.fresh[index] + CHUNK_BYTES - bytes;
    }
    const address = this.fresh[index];
    this.fresh[index] = address + bytes;
    return address;
  }
}

function open(stream: Stream, ballast: number): Runner {
  const capacity = capacityFor(stream, ballast);
  if (capacity >= LIMIT_BYTES) throw new Error("bare has less than 2 GiB");
  const allocator = new Bare(capacity);
  const { buffer } = allocator;
  return addressRunner(stream, {
    allocator,
    bytes: new Uint8Array(buffer),
    memory: new Uint32Array(buffer),
  });
}

export const barePeer: JsPeer = {
  id: "bare",
  title: "bare: free lists in JavaScript, no check, nothing shared",
  refuses: ({ maxRequestBytes }) =>
    maxRequestBytes > LARGEST_BYTES ? `serves up to ${LARGEST_BYTES} bytes` : undefined,
  open: (stream, { ballast }) => open(stream, ballast),
};
