// Free chunks whose bytes are all zero: never touched since the memory was reserved, or given back to the OS.
// A bit is written by whoever holds the chunk, so a set one is the truth; a kill can only lose one.
//
//   clean ⇒ the chunk is free, or being built by one that has not written to it; its bytes are zero
//   aged  ⇒ (hint) it was free and not clean at the last delayed decommit, and has been free since

import { agedAt, cleanAt, isRun } from "../places/index.ts";
import { and32, assert, glance32, or32 } from "../target/index.ts";
import { bitsOfRun } from "./chunk-set.ts";

/** By the holder of the chunks, before it lets them go. */
export function addClean(head: i32, length: i32): void {
  assert(isRun(head, length));
  const end = head + length;
  for (let chunk = head; chunk < end; chunk = (chunk | 31) + 1)
    or32((cleanAt + ((chunk >> 5) << 2)) | 0, bitsOfRun(chunk, end));
}

/** By the holder of the chunks, before anything is written to them. Returns whether all were clean. */
export function forgetClean(head: i32, length: i32): bool {
  assert(isRun(head, length));
  const end = head + length;
  let all = true;
  for (let chunk = head; chunk < end; chunk = (chunk | 31) + 1) {
    const offset = (chunk >> 5) << 2;
    const bits = bitsOfRun(chunk, end);
    const before = glance32((cleanAt + offset) | 0) & bits;
    if (before !== bits) all = false;
    if (before !== 0) and32((cleanAt + offset) | 0, ~bits);
    if ((glance32((agedAt + offset) | 0) & bits) !== 0) and32((agedAt + offset) | 0, ~bits);
  }
  return all;
}
