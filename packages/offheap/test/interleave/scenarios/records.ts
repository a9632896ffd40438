// Records: two end one at once, two begin the first ones of a chunk at once, and deaths in both, and of the reapers. Every
// object is found at the end from the memory alone, so one that leaks, or ends twice, is counted.

import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { Address, WorkerPlace } from "#src/base/brands.js";
import { beginRecord } from "#src/generations/begin.js";
import { leafOf, slotAt, strideShiftOf, stubAt, stubIn } from "#src/generations/directory.js";
import { disownSlot, endIsOver, endRecord } from "#src/generations/ending.js";
import { ensureLeaf, type ObjectSource } from "#src/generations/leaf.js";
import { forgetRecords } from "#src/generations/recovery.js";
import { ensureRegistry, forEachListed, listObject, registryAt } from "#src/generations/registry.js";
import { generationOf, handleOf, handleUnit, isLive } from "#src/generations/stub.js";
import { chunkBytes } from "#src/layout/layout.js";
import { slotLive } from "#src/layout/slot-state.js";
import type { Heap } from "#src/memory/heap.js";
import { heapOf } from "../../support/heaps.ts";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Geometry, Scenario, Step } from "../../support/stepping/scenario.ts";

const bytes = 4096;
const geometry: Geometry = { classes: [bytes], chunks: 3, slots: 5, roundLimit: 1, keepsData: true };

const placeOf = (slab: SlabAllocator) => (slab.workerId % 128) as WorkerPlace;

function sourceOf(slab: SlabAllocator): ObjectSource {
  const heap = heapOf(slab);
  return {
    allocate: (size) => slab.allocate(size),
    deallocate: (address) => slab.deallocate(address),
    disown: (address) => void disownSlot(heap, placeOf(slab), slotAt(heap, address)),
  };
}

/** A new record, as `Records.create` makes it after its fields. */
function begin(slab: SlabAllocator): number {
  const heap = heapOf(slab);
  const address = slab.allocate(bytes);
  const entry = ensureLeaf(heap, address, bytes, sourceOf(slab));
  return handleOf(beginRecord(heap, stubIn(entry, address), 1), address);
}

/** As `Records.free`: false for a stale handle. */
function end(slab: SlabAllocator, handle: number): boolean {
  const heap = heapOf(slab);
  const address = (handle >>> 0) as Address;
  const at = stubAt(heap, address);
  const stub = heap.whole[at] as number;
  if (!isLive(stub) || generationOf(stub) !== Math.floor(handle / handleUnit)) return false;
  if (!endRecord(heap, placeOf(slab), address, slotAt(heap, address), at, stub)) return false;
  slab.deallocate(address);
  endIsOver(heap, placeOf(slab));
  return true;
}

function list(slab: SlabAllocator): void {
  const source = sourceOf(slab);
  const heap = heapOf(slab);
  ensureRegistry(heap, source);
  // Descriptions are long ago: the test has one number.
  listObject(heap, slab.allocate(bytes), source);
}

/** All objects that the heap keeps for records, and the live ones; then there are none, for the test to free them. */
function structureObjects(heap: Heap): readonly Address[] {
  const found = new Set<number>();
  if (registryAt(heap) !== 0) found.add(registryAt(heap));
  forEachListed(heap, (_, address) => found.add(address));
  for (let chunk = 0; chunk < heap.layout.chunkCount; chunk++) {
    const entry = heap.words[heap.layout.generationsAt + chunk] as number;
    if (entry === 0) continue;
    found.add(leafOf(entry));
    for (let offset = 0; offset < chunkBytes; offset += 1 << strideShiftOf(entry)) {
      const isThere = isLive(heap.whole[stubIn(entry, offset)] as number);
      if (isThere) found.add(heap.dataAt + chunk * chunkBytes + offset);
    }
  }
  forgetRecords(heap);
  return [...found] as Address[];
}

/** The same, and every other live object. */
function allObjects(heap: Heap): readonly Address[] {
  const found = new Set(structureObjects(heap));
  const { dataAt, layout, states } = heap;
  for (let at = dataAt; at < dataAt + layout.chunkCount * chunkBytes; at += bytes)
    if ((states[slotAt(heap, at)] as number) >= slotLive) found.add(at as Address);
  return [...found];
}

const beginOne: Step<unknown> = (actor) => actor.call((slab) => void begin(slab));

const endIt: Step<number> = (actor, handle) => {
  let isEnded = false;
  actor.call((slab) => {
    isEnded = end(slab, handle);
  });
  actor.note(isEnded ? "ended" : "stale");
};

/** Reaps with what was not published. */
const reap =
  (...dead: number[]): Step<unknown> =>
  (actor) => {
    for (const each of dead) actor.reapWithObjects(each);
  };

const reapOnly: Step<unknown> = (actor) => actor.reap(0);

function publishOne(actor: Actor): number {
  const { slab } = actor;
  list(slab);
  const handle = begin(slab);
  disownSlot(heapOf(slab), placeOf(slab), slotAt(heapOf(slab), handle >>> 0));
  return handle;
}

export const bothEnd: Scenario<number> = {
  name: "a record that two workers end at once",
  geometry,
  structureObjects,
  setup: ([a]) => publishOne(a as Actor),
  programs: [[endIt], [endIt]],
  verify: (actors) => {
    const won = actors.filter(({ results }) => results.includes("ended")).length;
    return won === 1 ? undefined : `the record was ended by ${won} workers`;
  },
};

export const bothBegin: Scenario<unknown> = {
  name: "the first records of a chunk, begun by two workers at once",
  geometry,
  structureObjects,
  mayRunOut: true,
  setup: ([a]) => list((a as Actor).slab),
  programs: [[beginOne], [beginOne]],
};

const deadEnd: Scenario<number> = { ...bothEnd, victims: [0], verify: () => undefined };

/** The worker that goes on must see the record ended at last, whoever did it. */
const noRecordIsLeft = (actors: readonly Actor[]): string | undefined => {
  const results = actors.flatMap((actor) => actor.results);
  return results.includes("live") ? "the record is live after its end" : undefined;
};

const lookAgain: Step<number> = (actor, handle) => {
  actor.call((slab) => {
    const heap = heapOf(slab);
    const stub = heap.atomics.load(heap.whole, stubAt(heap, handle >>> 0));
    if (isLive(stub)) actor.note("live");
  });
};

export const enderDies: readonly Scenario<never>[] = [
  { ...deadEnd, name: "death in the end of a record that another ends, too", programs: [[endIt], [endIt]] },
  {
    ...deadEnd,
    name: "death in the end of a record, which its reaper then ends",
    startsAfter: { 1: [0] },
    programs: [[endIt], [reap(0), endIt, lookAgain]],
    verify: noRecordIsLeft,
  },
  {
    ...deadEnd,
    name: "death in the end of a record, which its reaper then ends, and no other object",
    startsAfter: { 1: [0] },
    programs: [[endIt], [reapOnly, endIt, lookAgain]],
    verify: noRecordIsLeft,
  },
] as unknown as readonly Scenario<never>[];

export const beginnerDies: readonly Scenario<never>[] = [
  {
    ...bothBegin,
    name: "death in the begin of a chunk's first record",
    victims: [0],
    startsAfter: { 1: [0] },
    programs: [[beginOne], [reap(0), beginOne]],
  },
  {
    ...bothBegin,
    name: "death in the begin of a record beside another's",
    victims: [0],
    startsAfter: { 2: [0] },
    programs: [[beginOne], [beginOne, beginOne], [reap(0)]],
  },
] as unknown as readonly Scenario<never>[];

export const reaperOfRecordsDies: readonly Scenario<never>[] = [
  {
    ...deadEnd,
    name: "death in the end of a record, and of its reaper",
    victims: [0, 1],
    startsAfter: { 1: [0], 2: [1] },
    programs: [[endIt], [reap(0)], [reap(1, 0), endIt, lookAgain]],
    verify: noRecordIsLeft,
  },
  {
    ...bothBegin,
    name: "death in the begin of a record, and of its reaper",
    // The reap of a reaper that died goes on as a plain one, which keeps the object of a record that was not yet one.
    structureObjects: allObjects,
    victims: [0, 1],
    startsAfter: { 1: [0], 2: [1] },
    programs: [[beginOne], [reap(0)], [reap(1, 0), beginOne]],
  },
] as unknown as readonly Scenario<never>[];
