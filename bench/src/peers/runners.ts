/**
 * Runners for the two kinds of peers: those that return addresses, and those that return objects. What fills is made when
 * it is asked for: V8 takes what a loop closes over for constants only while there is one closure of it, and the timed
 * loop of a plain object took 6.3 ns beside a second one, 4.9 alone.
 */
import {
  type AddressAllocator,
  type AddressTable,
  addressLoop,
  type ObjectMaker,
  objectLoop,
} from "../case/loops.ts";
import type { Stream } from "../stream/format.ts";
import type { Runner } from "./peer.ts";

export interface AddressHeap {
  readonly allocator: AddressAllocator;
  readonly bytes: Uint8Array;
  readonly memory: Uint32Array;
}

/** Int32Array where addresses fit: see case/loops.ts. */
function tableFor(stream: Stream, bytes: Uint8Array): AddressTable {
  const table = bytes.length > 2 ** 31 ? new Uint32Array(stream.slotCount) : new Int32Array(stream.slotCount);
  return table.fill(1); // touched before anything is timed
}

/** Writes every byte of an object, so that footprint means memory that a program really uses. */
function filling({ allocator, bytes }: AddressHeap): AddressAllocator {
  return {
    allocate(size) {
      const address = allocator.allocate(size) >>> 0;
      bytes.fill(1, address, address + size);
      return address;
    },
    deallocate: (address) => allocator.deallocate(address),
  };
}

export function addressRunner(stream: Stream, heap: AddressHeap): Runner {
  const { allocator, bytes, memory } = heap;
  const { words } = stream;
  const table = tableFor(stream, bytes);
  return {
    ownMemory: true,
    run: addressLoop(words, table, memory, allocator),
    fill: (from, to) => addressLoop(words, table, memory, filling(heap))(from, to),
    walker: (order) => {
      const indexes = Int32Array.from(order, (slot) => table[slot] >>> 2);
      return () => {
        let sum = 0;
        for (let i = 0; i < indexes.length; i++) sum = (sum + memory[indexes[i]]) | 0;
        return sum;
      };
    },
  };
}

export interface ReadableMaker<T> extends ObjectMaker<T> {
  first(object: T): number;
  fill(size: number, first: number): T;
}

export function objectRunner<T>(stream: Stream, maker: ReadableMaker<T>): Runner {
  const { words } = stream;
  const table = new Array<T | null>(stream.slotCount).fill(null);
  const filling: ObjectMaker<T> = { make: (size, first) => maker.fill(size, first) };
  return {
    run: objectLoop(words, table, maker),
    fill: (from, to) => objectLoop(words, table, filling)(from, to),
    walker: (order) => {
      const objects = Array.from(order, (slot) => table[slot] as T);
      return () => {
        let sum = 0;
        for (let i = 0; i < objects.length; i++) sum = (sum + maker.first(objects[i])) | 0;
        return sum;
      };
    },
  };
}
