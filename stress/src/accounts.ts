// The accounts at the end of a round, when every worker is gone: nothing is missing.
//
//   live by the heap = in the ledger + nameless        live + usable = capacity, to the byte
//
// The last is shown, not computed: everything is freed, and then as many objects are allocated as a new heap
// of the same options holds, each with a fill that is read again.

import { AllocatorError, SlabAllocator } from "offheap";
import { fillOffence, writeFill } from "./fill.ts";
import type { Scene } from "./scene.ts";

/** Objects at most with which a capacity is filled. */
const mostObjects = 200_000;
const chunkBytes = 65_536;

export function balance(scene: Scene): void {
  const { heap, ledger, tally } = scene;
  // Killed between joining and saying so: known to the heap alone.
  for (const { workerId } of heap.stats().workers) {
    if (workerId !== heap.workerId) scene.note(heap.reap(workerId));
  }
  checkWhole(scene, "after the last worker was reaped");
  let known = 0;
  for (let cell = 0; cell < ledger.cellCount; cell++) if (ledger.addressOf(cell) !== 0) known++;
  const nameless = heap.stats().liveObjects - known;
  if (nameless < 0 || nameless > scene.nameless) {
    scene.violate(
      `${heap.stats().liveObjects} objects are live, the ledger knows ${known}, and ${scene.nameless} have no name at most`,
    );
  }
  fillBeside(scene);
  freeKnown(scene);
  const found = freeNameless(scene);
  tally.nameless += found;
  if (found !== nameless) scene.violate(`${nameless} objects without a name were counted, ${found} found`);
  checkEmpty(scene, "after everything was freed");
  fillWhole(scene);
  checkEmpty(scene, "after the whole capacity was allocated and freed");
  heap.destroy();
}

function checkWhole(scene: Scene, when: string): void {
  for (const { invariant, message } of scene.heap.check())
    scene.violate(`check ${when}: ${invariant}: ${message}`);
}

function checkEmpty(scene: Scene, when: string): void {
  const { heap } = scene;
  heap.cleanup({ all: true });
  checkWhole(scene, when);
  const { allocs, deallocs, liveObjects, liveBytes, spanBytes, sizeClasses, workers } = heap.stats();
  const left = sizeClasses.filter(
    (entry) => entry.allocated + entry.cached + entry.free + entry.totalSlabs > 0,
  );
  if (
    allocs !== deallocs ||
    liveObjects + liveBytes + spanBytes !== 0 ||
    left.length > 0 ||
    workers.length !== 1
  ) {
    scene.violate(
      `stats ${when}: ${JSON.stringify({ allocs, deallocs, liveObjects, liveBytes, spanBytes, left, workers })}`,
    );
  }
}

function allocateOrNothing(heap: SlabAllocator, size: number): number | undefined {
  try {
    return heap.allocate(size);
  } catch (error) {
    if (error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY") return undefined;
    throw error;
  }
}

/** Allocates until nothing more is to be had; each object is filled over all of its slot. */
function exhaust(heap: SlabAllocator, size: number, limit: number): number[] {
  const objects: number[] = [];
  while (objects.length < limit) {
    const address = allocateOrNothing(heap, size);
    if (address === undefined) break;
    writeFill(heap.i32, address, size, address | 0);
    objects.push(address);
  }
  return objects;
}

function freeAll(scene: Scene, objects: readonly number[], size: number): void {
  for (const address of objects) {
    const offence = fillOffence(scene.heap.i32, address, size, address | 0);
    if (offence !== undefined) scene.violate(`filling up: ${offence}`);
    scene.heap.deallocate(address, size);
  }
}

/** Takes everything that is usable beside the objects that live, whose fills are read afterwards. */
function fillBeside(scene: Scene): void {
  const size = scene.random.pick(scene.options.sizeClasses as readonly number[]);
  freeAll(scene, exhaust(scene.heap, size, mostObjects), size);
}

function freeKnown(scene: Scene): void {
  const { heap, ledger } = scene;
  for (let cell = 0; cell < ledger.cellCount; cell++) {
    const address = ledger.addressOf(cell);
    if (address === 0) continue;
    if (!ledger.isPublished(cell))
      scene.violate(`cell ${cell} is still held by seat ${ledger.holderOf(cell)}`);
    scene.verify(cell, "at the end");
    heap.deallocate(address);
    ledger.clear(cell);
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Whether a chunk lies in a slab. The message only saves time: without it every address is asked. */
function mayHoldSlots(heap: SlabAllocator, address: number): boolean {
  try {
    heap.sizeOf(address);
    return true;
  } catch (error) {
    return !(error instanceof AllocatorError && error.message.endsWith("lies in no slab"));
  }
}

/** What is live now has an address that nobody kept. Every address of every slab is asked. */
function freeNameless(scene: Scene): number {
  const { heap, options } = scene;
  heap.cleanup({ all: true });
  const { liveObjects, bookBytes, capacity } = heap.stats();
  const start = (options.offset ?? 0) + bookBytes;
  const end = (options.offset ?? 0) + capacity;
  // Slots begin at multiples of their size from a chunk on.
  const step = (options.sizeClasses as readonly number[]).reduce(commonDivisor, chunkBytes);
  // A stack for each of the wrong addresses would take most of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  let found = 0;
  for (let chunk = start; chunk + chunkBytes <= end && found < liveObjects; chunk += chunkBytes) {
    if (!mayHoldSlots(heap, chunk)) continue;
    for (let address = chunk; address < chunk + chunkBytes; address += step) {
      if (!scene.isLive(address)) continue;
      heap.deallocate(address);
      found++;
    }
  }
  Error.stackTraceLimit = stackTraceLimit;
  return found;
}

/** As many objects as a new heap holds, of one size, all at once. */
function fillWhole(scene: Scene): void {
  const { heap, options, tally } = scene;
  const { memory: _, offset: __, ...plain } = options;
  const classes = options.sizeClasses as readonly number[];
  const few = classes.filter((size) => heap.stats().capacity / size <= mostObjects);
  const size = scene.random.pick(few.length > 0 ? few : classes.slice(-1));
  const fresh = new SlabAllocator({ ...plain, capacity: heap.stats().capacity });
  const expected = exhaust(fresh, size, Number.POSITIVE_INFINITY).length;
  fresh.destroy();
  const objects = exhaust(heap, size, Number.POSITIVE_INFINITY);
  if (objects.length !== expected) {
    scene.violate(
      `a new heap holds ${expected} objects of ${size} bytes, this one ${objects.length}: ${JSON.stringify(options.sizeClasses)}`,
    );
  }
  tally.capacityBytes += objects.length * size;
  freeAll(scene, objects, size);
}
