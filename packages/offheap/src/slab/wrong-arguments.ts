// What is told about arguments that were meant otherwise: most come from an array's method, which passes its index on.

import { AllocatorError, show } from "../base/errors.ts";

/** A size given back that is not the object's. The first index that an array's method passes on is 0. */
export function sizeMismatch(address: number, bytes: number, size: unknown): AllocatorError {
  const isIndex = size === 0;
  const call = "forEach((address) => heap.deallocate(address))";
  const asSecond = isIndex ? "an array's forEach passes its index" : "a set's forEach passes the value again";
  const hint = isIndex || size === address ? ` (${asSecond} as second argument: ${call} does not)` : "";
  return new AllocatorError(
    "ERR_SIZE_MISMATCH",
    `the object at ${address} has ${bytes} bytes, given back were ${show(size)}${hint}`,
  );
}

/** A number where options stand. */
export function numberForOptions(options: number): AllocatorError {
  return new AllocatorError(
    "ERR_INVALID_OPTION",
    `options are an object, got ${show(options)} (map passes its index as second argument: map((size) => heap.allocate(size)) does not)`,
  );
}

/** Options of an allocator that has none. */
export function noOptions(options: unknown): AllocatorError {
  if (typeof options === "number") return numberForOptions(options);
  return new AllocatorError(
    "ERR_INVALID_OPTION",
    `allocate takes a size alone, got ${show(options)}, too: options are for MemoryPool`,
  );
}
