// Where a ring is made, and where one is found: its bytes in a heap, from its capacity.

import { type Address, AllocatorError, checkOptions, show } from "../base/index.ts";
import { ringMark, ringWords } from "../layout/index.ts";
import type { Kit, StructureHandle } from "../structure/index.ts";

export interface RingOptions {
  /**
   * Messages that it holds at most: 1 to 2^20; 1,024 unless said otherwise, or as many as a heap of slabs has an object for.
   */
  capacity?: number;
}

/** Where a ring is, and how many messages it holds. */
export interface Place {
  readonly at: number;
  readonly capacity: number;
}

const mostCapacity = 2 ** 20;
const usualCapacity = 1024;
const cellBytes = 8;

/** What a ring's constructor is to open, in place of making a new one: by the options that `attach` hands it. */
const opened = new WeakMap<object, Place>();

/** A new ring in a heap, or the one that `attach` has found. */
export function placeFor(kit: Kit, options: RingOptions): Place {
  return opened.get(options) ?? create(kit, options);
}

/** Options for the constructor that open the ring of a handle. @throws ERR_INCOMPATIBLE_HEAP, ERR_INVALID_ADDRESS, ERR_DETACHED */
export function optionsOf(kit: Kit, handle: unknown): RingOptions {
  kit.open();
  const { kind, address } = (handle ?? {}) as Partial<StructureHandle>;
  if (kind !== "ring" || typeof address !== "number")
    throw new AllocatorError("ERR_INCOMPATIBLE_HEAP", `a ring's handle is wanted, got ${show(handle)}`);
  if (!kit.isLive(address) || kit.core.getWord(address + ringWords.magic) !== ringMark)
    throw new AllocatorError("ERR_INVALID_ADDRESS", `no ring begins at ${show(address)}`);
  const options = {};
  opened.set(options, { at: address, capacity: kit.core.getWord(address + ringWords.capacity) });
  return options;
}

/** Bytes of what a worker has of its messages: the length and the tag of each that it sends, and a list of some. */
export function tableBytesFor({ core }: Kit, capacity: number): number {
  return core.tableBytesOf(cellsFor(capacity));
}

function create(kit: Kit, options: RingOptions): Place {
  const given = checkOptions("Ring", options, { capacity: true }) as RingOptions;
  const capacity = given.capacity === undefined ? usualFor(kit) : given.capacity;
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > mostCapacity)
    throw new AllocatorError("ERR_INVALID_OPTION", `capacity is 1 to ${mostCapacity}, got ${show(capacity)}`);
  kit.open();
  const at: Address = kit.allocate(bytesFor(kit, capacity));
  kit.core.formatRing(at, capacity, cellsFor(capacity));
  kit.keep();
  return { at, capacity };
}

/** A heap of slabs alone has no objects beyond its largest class. */
function usualFor(kit: Kit): number {
  const { pageSpanChunks, objectBytes } = kit.heap.layout;
  const most = pageSpanChunks > 0 ? Number.POSITIVE_INFINITY : (objectBytes.at(-1) as number);
  let capacity = usualCapacity;
  while (capacity > 1 && bytesFor(kit, capacity) > most) capacity /= 2;
  return capacity;
}

function bytesFor(kit: Kit, capacity: number): number {
  return kit.core.ringBytes() + cellsFor(capacity) * cellBytes;
}

function cellsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity));
}
