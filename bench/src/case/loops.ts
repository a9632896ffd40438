/**
 * The timed loops. A process builds one allocator only, so each call below sees one shape and is
 * inlined as in a user's own code. Nothing is in them but the loads of the stream, the call, the
 * table of addresses and one store into each object.
 */
export interface AddressAllocator {
  allocate(size: number): number;
  deallocate(address: number): void;
}

/** Addresses over 2 GiB do not fit an Int32Array; below, they are faster there. */
export type AddressTable = Int32Array | Uint32Array;

export function runAddresses(
  words: Int32Array,
  from: number,
  to: number,
  table: AddressTable,
  memory: Uint32Array,
  allocator: AddressAllocator,
): number {
  let i = from;
  while (i < to) {
    const op = words[i++];
    if (op >= 0) {
      const address = allocator.allocate(words[i++]);
      memory[address >>> 2] = op;
      table[op] = address;
    } else {
      allocator.deallocate(table[~op]);
    }
  }
  return i;
}

export interface ObjectMaker<T> {
  /** Makes an object for `size` bytes and stores `first` in it. */
  make(size: number, first: number): T;
}

/** What JavaScript frees by forgetting. */
export function runObjects<T>(
  words: Int32Array,
  from: number,
  to: number,
  table: (T | null)[],
  maker: ObjectMaker<T>,
): number {
  let i = from;
  while (i < to) {
    const op = words[i++];
    if (op >= 0) table[op] = maker.make(words[i++], op);
    else table[~op] = null;
  }
  return i;
}

/** Space runs write every byte, so that footprint means memory that a program really uses. */
export function runFilling(
  words: Int32Array,
  from: number,
  to: number,
  table: AddressTable,
  bytes: Uint8Array,
  allocator: AddressAllocator,
): number {
  let i = from;
  while (i < to) {
    const op = words[i++];
    if (op >= 0) {
      const size = words[i++];
      const address = allocator.allocate(size) >>> 0;
      bytes.fill(op | 1, address, address + size);
      table[op] = address;
    } else {
      allocator.deallocate(table[~op]);
    }
  }
  return i;
}
