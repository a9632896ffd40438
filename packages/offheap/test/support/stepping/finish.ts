// The end of a schedule. Whoever is dead is reaped by one that lives; then
//
//   check() is empty · every live object is intact, and counted · the dead worker's slots are usable:
//   all objects freed and all caches home, the whole capacity can be allocated, class by class
//
// Ends that are the same, byte for byte, are examined once.

import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import { claimFree } from "#src/arena/claim.js";
import type { Address, ClassIndex, WorkerId, WorkerPlace } from "#src/base/brands.js";
import { AllocatorError } from "#src/base/errors.js";
import { checkHeap, type OtherChecksOf } from "#src/inspect/check.js";
import { PoolChecks } from "#src/large/pool-check.js";
import { chunkBytes, header, type Layout } from "#src/layout/layout.js";
import { pageBytes } from "#src/layout/pages.js";
import { pageCountOf, slotCountOf } from "#src/layout/span-lengths.js";
import { Workers } from "#src/worker/workers.js";
import { allocatorOf } from "./actor.ts";
import { Violated } from "./objects.ts";
import type { World } from "./world.ts";

/** Pages of the objects that a pool is filled with at the end. */
const runPages = 2;
/** Addresses of objects are multiples of it in every scenario. */
const smallestBytes = 64;

function codeOf(act: () => void): string | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof AllocatorError) return error.code;
    throw error;
  }
  return undefined;
}

function expectWhole<C>(world: World<C>, when: string): void {
  const { tolerates } = world.scenario;
  const isPool = world.heap.layout.pageSpanChunks > 0;
  const checks: OtherChecksOf = (heap, report) => new PoolChecks(heap, report);
  const violations = checkHeap(world.heap, isPool ? checks : undefined).filter(
    ({ message }) => tolerates?.test(message) !== true,
  );
  if (violations.length > 0) {
    const list = violations.slice(0, 5).map(({ invariant, message }) => `${invariant}: ${message}`);
    throw new Violated(`${when}, check(): ${list.join("; ")}`);
  }
}

/** The allocators of those that are alive and attached. */
function presentOf<C>(world: World<C>): Map<number, SlabAllocator> {
  const workers = new Workers(world.heap);
  const present = new Map<number, SlabAllocator>();
  for (const { index, slab } of world.actors) {
    if (!world.isPresent(index) || !workers.isLive(slab.workerId)) continue;
    // One that an exception stopped in the middle of its detach can be called no more; it ends with its thread.
    if (codeOf(() => slab.stats()) === undefined) present.set(index, slab);
  }
  return present;
}

function deadIds<C>(world: World<C>, present: Map<number, SlabAllocator>, host: SlabAllocator): WorkerId[] {
  const workers = new Workers(world.heap);
  const alive = new Set([host, ...present.values()].map((slab) => slab.workerId));
  return workers
    .filter((word) => word.state === "live" || word.state === "gone")
    .map((place: WorkerPlace) => workers.idOf(place))
    .filter((id) => !alive.has(id));
}

/** Objects whose free was cut short and that are live all the same. */
function survivors<C>(world: World<C>, inspector: SlabAllocator): Address[] {
  return [...world.objects.limbo.keys()].filter(
    (address) => codeOf(() => inspector.sizeOf(address)) === undefined,
  );
}

/** How many objects of a size an empty heap holds: slots of each class, and of a pool large ones of each kind. */
function capacities(layout: Layout): [bytes: number, count: number][] {
  const slots = layout.objectBytes.map((bytes, i): [number, number] => [
    bytes,
    layout.chunkCount * slotCountOf(layout, (i + 1) as ClassIndex, 1),
  ]);
  if (layout.pageSpanChunks === 0) return slots;
  const runs = layout.chunkCount * Math.floor(pageCountOf(layout, 1) / runPages);
  return [...slots, [runPages * pageBytes, runs], [layout.chunkCount * chunkBytes, 1]];
}

/**
 * Where the objects are that somebody was moving when he died: where they were, or at one other address, as a whole. One
 * that an exception has stopped is not elsewhere: nobody has that address.
 */
function expectMoved<C>(world: World<C>, inspector: SlabAllocator, known: readonly Address[]): Address[] {
  const { live, moving } = world.objects;
  const lost = [...moving.values()].filter(({ from }) => !known.includes(from));
  if (lost.length === 0) return [];
  const { dataAt, layout } = world.heap;
  const found: Address[] = [];
  for (let address = dataAt; address < dataAt + layout.chunkCount * chunkBytes; address += smallestBytes) {
    const isKnown = live.has(address as Address) || known.includes(address as Address);
    if (!isKnown && codeOf(() => inspector.sizeOf(address)) === undefined) found.push(address as Address);
  }
  const expected = world.wasThrown() ? 0 : 1;
  for (const object of lost) {
    const count = found.filter((other) => world.objects.isAt(other, object)).length;
    if (count !== expected)
      throw new Violated(
        `the object that was being moved from ${object.from} is gone, and ${count} times elsewhere`,
      );
  }
  return found;
}

function expectCapacity<C>(world: World<C>, inspector: SlabAllocator): void {
  capacities(world.heap.layout).forEach(([bytes, expected]) => {
    const got = new Set<Address>();
    const failed = codeOf(() => {
      while (got.size <= expected) got.add(inspector.allocate(bytes));
    });
    if (failed !== "ERR_OUT_OF_MEMORY" || got.size !== expected) {
      throw new Violated(`of ${expected} slots of ${bytes} bytes, ${got.size} can be had (${failed})`);
    }
    for (const address of got) inspector.deallocate(address);
    inspector.cleanup();
  });
}

/** Chunks in spans are counted as a hint, which only a death or an exception may make wrong, and their peak is no less. */
function expectCounted<C>(world: World<C>): void {
  const { words, layout } = world.heap;
  const inSpans = words.subarray(layout.claimsAt, layout.claimsAt + layout.chunkCount);
  const count = inSpans.reduce((sum, claim) => sum + (claim === claimFree ? 0 : 1), 0);
  const [counted, peak] = [words[header.spanChunks] as number, words[header.spanChunksPeak] as number];
  if (counted !== count) throw new Violated(`${counted} chunks in spans are counted, there are ${count}`);
  if (peak < count) throw new Violated(`at most ${peak} chunks were in spans ever, there are ${count}`);
}

/** Every object is freed and every worker has cleaned up: nothing is cached, by nobody, and no slab is left. */
function expectEmpty(host: SlabAllocator): void {
  const { spanBytes, sizeClasses } = host.stats();
  const cached = sizeClasses.reduce((sum, entry) => sum + entry.cached, 0);
  if (cached > 0 || spanBytes > 0)
    throw new Violated(`after all clean-ups ${cached} slots are cached, ${spanBytes} bytes in spans`);
}

/** Examines an end that was not seen before. */
function examine<C>(world: World<C>): void {
  if (!world.isDisturbed()) expectCounted(world);
  const present = presentOf(world);
  const [first] = present.values();
  const host = first ?? allocatorOf(world.heap);
  for (const id of deadIds(world, present, host)) host.reap(id);
  const wrong = world.scenario.finish?.([host, ...present.values()], world.actors, world.context);
  if (wrong !== undefined) throw new Violated(wrong);
  if (world.scenario.finish !== undefined) for (const slab of present.values()) slab.cleanup();
  if (world.scenario.isIllegal === true) for (const slab of present.values()) slab.cleanup();
  expectWhole(world, "at the end");
  const { live } = world.objects;
  for (const address of live.keys()) {
    const failed = codeOf(() => host.sizeOf(address));
    if (failed !== undefined) throw new Violated(`the live object at ${address}: ${failed}`);
  }
  const survived = survivors(world, host);
  const ofStructures = world.scenario.structureObjects?.(world.heap) ?? [];
  const left = [...survived, ...expectMoved(world, host, survived), ...ofStructures];
  const counted = host.stats().liveObjects;
  if (counted !== live.size + left.length && world.scenario.tolerates === undefined) {
    throw new Violated(
      `stats count ${counted} live objects, there are ${live.size} and ${left.length} half freed`,
    );
  }
  for (const [address, { by }] of live) (present.get(by) ?? host).deallocate(address);
  for (const address of left) host.deallocate(address);
  for (const slab of present.values()) slab.cleanup();
  if (first === undefined) host.cleanup();
  expectWhole(world, "with all objects freed");
  if (world.scenario.tolerates === undefined) expectEmpty(host);
  expectCapacity(world, host);
  expectWhole(world, "after allocating the whole capacity");
}

/** Throws `Violated` for an end that must not be. */
export function judge<C>(world: World<C>): void {
  const { objects, machine, actors, dead } = world;
  for (const address of objects.live.keys()) objects.verify(address);
  const owned = [...objects.live].map(([address, { by }]) => `${address}:${by}`).sort();
  const results = actors.map((actor) => actor.results.join(",")).join(" | ");
  const key = `${machine.hash()} ${owned} ${[...objects.limbo.keys()].sort()} ${results} ${dead} ${world.isDisturbed()}`;
  world.resultCounts.set(results, (world.resultCounts.get(results) ?? 0) + 1);
  if (world.scenario.isDestroyed === true || world.ends.has(key)) return;
  examine(world);
  world.ends.add(key);
}
