// The timed loop of case/loops.ts in AssemblyScript: over its own heap, or with --runtime stub over imported calls.

import { free, malloc } from "./env";

function allocate(size: usize): usize {
  return ASC_RUNTIME === 0 ? malloc(size) : heap.alloc(size);
}

function release(address: usize): void {
  if (ASC_RUNTIME === 0) free(address);
  else heap.free(address);
}

export function run(words: usize, from: i32, to: i32, table: usize): i32 {
  let i = from;
  while (i < to) {
    const op = load<i32>(words + (i++ << 2));
    if (op >= 0) {
      const address = allocate(load<i32>(words + (i++ << 2)));
      store<i32>(address, op);
      store<usize>(table + (op << 2), address);
    } else {
      release(load<usize>(table + (~op << 2)));
    }
  }
  return i;
}

export function reserve(bytes: usize): usize {
  return allocate(bytes);
}
