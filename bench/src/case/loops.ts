/**
 * The timed loops, each over what it needs in variables of its own: a process builds one allocator only, so V8 folds these
 * and inlines the calls, as where a program keeps its heap in a variable of a module. Nothing is in them but the loads of the
 * stream, the call, the table of addresses and one store into each object.
 */
export interface AddressAllocator {
  allocate(size: number): number;
  deallocate(address: number): void;
}

/** Runs the operations from word `from` until word `to` is reached; returns where it stopped. */
export type Loop = (from: number, to: number) => number;

/** Addresses over 2 GiB do not fit an Int32Array; below, they are faster there. */
export type AddressTable = Int32Array | Uint32Array;

export function addressLoop(
  words: Int32Array,
  table: AddressTable,
  memory: Uint32Array,
  allocator: AddressAllocator,
): Loop {
  return (from, to) => {
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
  };
}

export interface ObjectMaker<T> {
  /** Makes an object for `size` bytes and stores `first` in it. */
  make(size: number, first: number): T;
}

/** What JavaScript frees by forgetting. */
export function objectLoop<T>(words: Int32Array, table: (T | null)[], maker: ObjectMaker<T>): Loop {
  return (from, to) => {
    let i = from;
    while (i < to) {
      const op = words[i++];
      if (op >= 0) table[op] = maker.make(words[i++], op);
      else table[~op] = null;
    }
    return i;
  };
}
