// What whoever recovers a worker does about records. All of it can be done again from the start.
//
//   leaves, the table of Records and what it lists    nobody's, where the worker died before they were
//   the record that the worker was ending             ended
//   a slot that goes home                             no record is live in it

import type { SlotIndex, WorkerPlace } from "../base/index.ts";
import { header } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { leafOf, nowhere, slotAt, stubAt } from "./directory.ts";
import { disownSlot, settleEnding } from "./ending.ts";
import { forEachListed, registryAt } from "./registry.ts";
import { endedStub, isLive } from "./stub.ts";

/** Whether the heap ever had a record, or was about to: before that there is nothing to look after. */
const hasRecords = ({ words }: Heap): boolean => words[header.registry] !== 0;

/** Before the walk over the worker's slots. */
export function settleRecords(heap: Heap, target: WorkerPlace, freeSlot: (slot: SlotIndex) => void): void {
  if (!hasRecords(heap)) return;
  const keep = (address: number) => disownSlot(heap, target, slotAt(heap, address));
  const { layout, atomics, words } = heap;
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
    const entry = atomics.load(words, layout.generationsAt + chunk);
    if (entry !== 0) keep(leafOf(entry));
  }
  keep(registryAt(heap));
  forEachListed(heap, (_, address) => keep(address));
  settleEnding(heap, target, freeSlot);
}

/** A slot of the caller's that no worker can take yet: a record that was live in it ended with its worker. */
export function endInSlot(heap: Heap, addressOfSlot: () => number): void {
  if (!hasRecords(heap)) return;
  const at = stubAt(heap, addressOfSlot());
  if (at === nowhere) return;
  const stub = heap.atomics.load(heap.whole, at);
  if (isLive(stub)) heap.atomics.swap(heap.whole, at, stub, endedStub(stub, 0));
}

/** Of a reset: every record is gone, and no generation of before comes again. */
export function forgetRecords({ words, layout }: Heap): void {
  words[header.generationsFrom] = words[header.generations] as number;
  words[header.registry] = 0;
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) words[layout.generationsAt + chunk] = 0;
}
