// A record begins: the stub of its slot gets the next generation, live. The slot is the caller's and holds the record
// already, so a death before that store leaves an object of the dead worker's, and one after it a whole record of his.

import { AllocatorError } from "../base/index.ts";
import { header } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { generationAfter, liveStub } from "./stub.ts";

/** The highest generation is noted in steps, so that one slot which is used again and again seldom raises it. */
const stepMask = 255;
const mostTries = 64;

/** Begins a record in the stub at an index of `Heap.whole`. Returns its generation. */
export function beginRecord(heap: Heap, at: number, number: number): number {
  if (at >= heap.whole.length)
    throw new AllocatorError("ERR_CORRUPT_HEAP", `a chunk's generations are at ${at * 4}, beyond the memory`);
  const generation = generationAfter(heap.whole[at] as number);
  if (generation > (heap.words[header.generations] as number)) raise(heap, generation);
  // Publishes the record's bytes to who finds it by its stub. Nobody else writes the stub of a slot that is ours.
  heap.atomics.store(heap.whole, at, liveStub(generation, number));
  return generation;
}

/** Before the stub, so that what a reset begins from is above all that was given. */
function raise({ words, atomics }: Heap, generation: number): void {
  for (let tries = 0; tries < mostTries; tries++) {
    const seen = atomics.load(words, header.generations);
    if (seen >= generation || atomics.swap(words, header.generations, seen, generation | stepMask)) return;
  }
}
