// The rounds of a magazine, two words each: an object's address, and where the state byte of its slot is. Round 0 is the oldest, lowest in memory. The slot is the truth of the two.

import { mapDistanceShift } from "../arena/index.ts";
import { chunkBytes, type SizeClass, wordsPerRound } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";

function roundAt(sizeClass: SizeClass, round: number): number {
  return (sizeClass.magazineAt + round * wordsPerRound) | 0;
}

/** The slot of a round; below 0 where none is. */
export function slotOfRound(heap: Heap, sizeClass: SizeClass, round: number): number {
  return ((heap.words[(roundAt(sizeClass, round) + 1) | 0] as number) - heap.layout.tableBytes) | 0;
}

/** The address of a round, which is that of its slot. */
export function addressOfRound(heap: Heap, sizeClass: SizeClass, round: number): number {
  return (heap.words[roundAt(sizeClass, round)] as number) >>> 0;
}

/** The address of a slot of the class, by the map. */
export function addressOf(heap: Heap, sizeClass: SizeClass, slot: number): number {
  const { words, layout, dataAt } = heap;
  const chunk = slot >>> layout.stateShift;
  const head = chunk - ((words[layout.mapAt + chunk] as number) >>> mapDistanceShift);
  return dataAt + head * chunkBytes + (slot - (head << layout.stateShift)) * sizeClass.objectBytes;
}

export function setRound(heap: Heap, sizeClass: SizeClass, round: number, slot: number): void {
  const at = roundAt(sizeClass, round);
  heap.words[at] = addressOf(heap, sizeClass, slot) | 0;
  heap.words[at + 1] = slot + heap.layout.tableBytes;
}
