// A linked list of numbers: two words a link, the next one's address and a number.

import { free, malloc } from "./env";

/** Makes a list of the numbers 1 to `count`; its address. */
export function make(count: u32): usize {
  let first: usize = 0;
  for (let i = count; i > 0; i--) {
    const link = malloc(8);
    store<usize>(link, first);
    store<u32>(link, i, 4);
    first = link;
  }
  return first;
}

export function sum(first: usize): u32 {
  let total: u32 = 0;
  for (let link = first; link !== 0; link = load<usize>(link)) total += load<u32>(link, 4);
  return total;
}

/** Frees every link; how many there were. */
export function end(first: usize): u32 {
  let count: u32 = 0;
  for (let link = first; link !== 0; count++) {
    const next = load<usize>(link);
    free(link);
    link = next;
  }
  return count;
}
