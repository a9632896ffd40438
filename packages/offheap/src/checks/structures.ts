// What check() looks at of structures: no worker at rest is about anything, what is retired is its worker's and live, and each
// name is an object that is live and nobody's. Maps and caches that names lead to are looked into.

import type { WorkerPlace } from "../base/index.ts";
import {
  intent,
  intentAt,
  mostKindBytes,
  mostNameBytes,
  mostRetiredOf,
  rootCount,
  slotLive,
  wordsPerCell,
} from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { Workers } from "../worker/index.ts";
import { MapChecks } from "./maps.ts";
import type { Report } from "./violation.ts";

/** Whether an object's owner has left the heap, and did not leave the object to the next in its place. */
export function isOwnerGone(heap: Heap, worker: WorkerPlace): boolean {
  if (new Workers(heap).read(worker).state !== "free") return false;
  return retiredOf(heap, worker).length === 0;
}

function retiredOf(heap: Heap, worker: WorkerPlace): number[] {
  const at = intentAt(heap.layout, worker) + intent.retired;
  const found: number[] = [];
  for (let i = 0; i < mostRetiredOf(heap.layout.maxWorkers); i++)
    if (heap.words[at + i] !== 0) found.push((heap.words[at + i] as number) >>> 0);
  return found;
}

export function checkStructures(heap: Heap, report: Report): void {
  const { words, layout, core } = heap;
  const stateOf = (address: number) => core.ownerIn(core.ownerAt(address));
  for (let place = 1 as WorkerPlace; place <= layout.maxWorkers; place++) {
    const kind = words[intentAt(layout, place)] as number;
    if (kind !== 0) report("structure", `worker ${place} has an intent of kind ${kind}`);
    const retired = retiredOf(heap, place);
    for (const [i, address] of retired.entries())
      if (stateOf(address) !== slotLive + place)
        report("structure", `worker ${place} has retired ${address}, which has state ${stateOf(address)}`);
      else if (retired.indexOf(address) < i)
        report("structure", `worker ${place} has retired ${address} twice`);
  }
  const named = Array.from({ length: rootCount }, (_, i) => word(heap, layout.rootsAt + i * wordsPerCell));
  const maps = new MapChecks(heap, report);
  for (const [i, address] of named.entries()) {
    if (address === 0) continue;
    if (stateOf(address) !== slotLive)
      report("structure", `the name in cell ${i} is at ${address}, which has state ${stateOf(address)}`);
    else if (!isName(core.getWord(address + 4)))
      report("structure", `the name in cell ${i} is at ${address}, where none stands`);
    else if (named.indexOf(address) < i)
      report(
        "structure",
        `the name in cell ${i} is at ${address}, as that in cell ${named.indexOf(address)}`,
      );
    else maps.checkNamed(address);
  }
}

/** The lengths of what has a name, and of the name or its draft (structure/names.ts). */
function isName(lengths: number): boolean {
  const [kind, name, rest] = [lengths & 255, (lengths >>> 8) & 127, lengths >>> 16];
  return kind > 0 && kind <= mostKindBytes && name > 0 && name <= mostNameBytes && rest === 0;
}

function word({ words }: Heap, at: number): number {
  return (words[at] as number) >>> 0;
}
