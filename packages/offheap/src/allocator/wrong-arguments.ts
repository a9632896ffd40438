// What is told about arguments that were meant otherwise: most come from an array's method, which passes its index on.

import { AllocatorError, show } from "../base/index.ts";

/** A size given back that is not the object's, and what it may have been: an array passes its index on, first 0. */
export function givenBack(address: number, size: unknown): string {
  const given = `given back were ${show(size)}`;
  if (size !== 0 && size !== address) return given;
  const passed =
    size === 0 ? "an array's forEach passes its index" : "a set's forEach passes the value again";
  return `${given} (${passed} as second argument: forEach((address) => heap.deallocate(address)) does not)`;
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
