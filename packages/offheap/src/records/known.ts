// Records as a heap knows them: under a number, by an object with their schema, and by the stubs of their slots. From a
// handle to its stub.

import { mapClassMask, mapDistanceShift } from "../arena/index.ts";
import { type Address, AllocatorError, show, type WorkerPlace } from "../base/index.ts";
import {
  beginRecord,
  ensureLeaf,
  ensureRegistry,
  generationShift,
  handleOf,
  handleUnit,
  isLive,
  leafBytes,
  leastStrideShift,
  listObject,
  nowhere,
  numbersOf,
  type ObjectSource,
  strideShiftOf,
  stubAt,
  stubIn,
  stubLive,
} from "../generations/index.ts";
import {
  chunkBytes,
  chunkShift,
  header,
  maxSlotsPerSlab,
  type SizeClass,
  wideBytes,
} from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import type { StructureHandle } from "../structure/index.ts";
import {
  descriptionBytes,
  handleAt,
  openDescription,
  type RecordsHandle,
  writeDescription,
} from "./description.ts";
import { type AnyAllocator, assertOpen, insideOf, sourceOf } from "./inside.ts";
import type { StructType } from "./struct.ts";

const chunkMask = chunkBytes - 1;

/** Bytes that are asked for a record: at least a stride whose leaf is an object of the heap. @throws ERR_INVALID_SIZE */
function requestFor({ layout }: Heap, size: number): number {
  const largest = Math.min(layout.objectBytes.at(-1) as number, wideBytes);
  let shift = leastStrideShift;
  while (leafBytes(shift) > largest) shift++;
  const request = Math.max(size, 1 << shift);
  if (request <= largest) return request;
  const why =
    size > largest
      ? `a record has ${size} bytes, the heap's largest object ${largest}`
      : "the heap's objects are too short for generations: its largest class must have 512 bytes";
  throw new AllocatorError("ERR_INVALID_SIZE", why);
}

export function outOfMemory(wanted: string): AllocatorError {
  return new AllocatorError("ERR_OUT_OF_MEMORY", `no memory for ${wanted}`);
}

/** What `Records` are without their fields. */
export abstract class KnownRecords {
  /** To be posted to another worker, beside the heap's own. */
  readonly handle: RecordsHandle;
  protected readonly allocator: AnyAllocator;
  protected readonly heap: Heap;
  protected readonly struct: StructType;
  protected readonly source: ObjectSource;
  protected readonly place: WorkerPlace;
  protected readonly number: number;
  protected readonly requestBytes: number;
  protected readonly objectBytes: number;
  protected readonly tag: number;
  // What at() and free() need of the layout, as numbers of this object: a load each where the layout's would be three.
  private readonly sizeClass: SizeClass;
  protected readonly alignMask: number;
  /** Whether slots begin elsewhere than at multiples of a power of two. */
  protected readonly isOdd: boolean;
  protected readonly chunkCount: number;
  /** Index in the memory's words of the first chunk's entry in the directory. */
  protected readonly directoryAt: number;
  protected readonly firstChunk: number;

  protected constructor(
    allocator: AnyAllocator,
    struct: unknown,
    opened: RecordsHandle | StructureHandle | undefined,
  ) {
    const { heap, slow } = insideOf(allocator);
    assertOpen(allocator);
    const type = struct as unknown as StructType;
    if (typeof type?.writeOver !== "function")
      throw new AllocatorError("ERR_INVALID_OPTION", `Records are of a struct, got ${show(struct)}`);
    this.allocator = allocator;
    this.heap = heap;
    this.struct = type;
    this.source = sourceOf(allocator);
    this.place = slow.place;
    this.requestBytes = requestFor(heap, type.size);
    this.objectBytes = heap.layout.objectBytes.find((bytes) => bytes >= this.requestBytes) as number;
    const lowest = this.objectBytes & -this.objectBytes;
    this.alignMask = lowest - 1;
    this.isOdd = lowest !== this.objectBytes;
    this.firstChunk = heap.dataAt >>> chunkShift;
    this.chunkCount = heap.layout.chunkCount;
    this.directoryAt = (heap.offset >>> 2) + heap.layout.generationsAt;
    this.sizeClass = slow.classes[heap.layout.objectBytes.indexOf(this.objectBytes) + 1] as SizeClass;
    const openedNumber =
      opened === undefined ? undefined : openDescription(heap, allocator, opened, type.text);
    this.handle = handleAt(opened === undefined ? this.describe() : opened.address);
    this.number = openedNumber ?? this.list();
    this.tag = stubLive | this.number;
  }

  private describe(): Address {
    const { text } = this.struct;
    if (!ensureRegistry(this.heap, this.source)) throw outOfMemory("the table of Records");
    const address = this.allocator.allocate(descriptionBytes(text));
    writeDescription(this.allocator, address, text);
    return address;
  }

  private list(): number {
    const { address } = this.handle;
    const number = listObject(this.heap, address, this.source);
    if (number > 0) return number;
    this.allocator.deallocate(address);
    throw outOfMemory(`more than ${numbersOf(this.heap)} Records at a time`);
  }

  /** Memory that is not shared may have grown, and its views are empty then. @throws ERR_DETACHED when it is gone */
  protected reopen(): void {
    if (!this.heap.isShown) assertOpen(this.allocator);
  }

  /** @throws ERR_DETACHED when they were destroyed, or the pool was reset */
  protected assertThere(): void {
    const { heap } = this;
    this.reopen();
    // Plain loads: a call that is ordered after a destroy or a reset sees it.
    const table = (heap.words[header.registry] as number) >>> 2;
    if (table !== 0 && heap.whole[table + this.number] === (this.handle.address | 0)) return;
    throw new AllocatorError("ERR_DETACHED", "these Records were destroyed, or their pool was reset");
  }

  /** The record in a slot of ours begins. 0 where that takes a leaf that cannot be had: the slot is given back. */
  protected begin(address: Address): number {
    const { heap } = this;
    const chunk = (address >>> chunkShift) - this.firstChunk;
    let entry = heap.words[heap.layout.generationsAt + chunk] as number;
    if (entry === 0 || 1 << strideShiftOf(entry) > this.objectBytes) {
      entry = ensureLeaf(heap, address, this.objectBytes, this.source);
      if (entry === 0) {
        this.allocator.deallocate(address);
        return 0;
      }
    }
    return handleOf(beginRecord(heap, stubIn(entry, address), this.number), address);
  }

  /** What the stub of a live record with that handle holds. */
  protected stubFor(handle: number): number {
    return (((handle / handleUnit) | 0) << generationShift) | this.tag;
  }

  /** Index of the state byte of the slot of these records' class that begins at an address; `nowhere` where none does. */
  protected slotOf(address: number): number {
    const { words, layout } = this.heap;
    const { index, inverse, shift } = this.sizeClass;
    const chunk = ((address >>> chunkShift) - this.firstChunk) >>> 0;
    if (chunk >= this.chunkCount) return nowhere;
    const entry = words[layout.mapAt + chunk] as number;
    const distance = entry >>> mapDistanceShift;
    // The offset in the slab, divided (layout/class-table.ts).
    const product = Math.imul((distance << chunkShift) | (address & chunkMask), inverse);
    const position = ((product >>> shift) | (product << (32 - shift))) >>> 0;
    if ((entry & mapClassMask) !== index || position >= maxSlotsPerSlab) return nowhere;
    return ((chunk - distance) << layout.stateShift) + position;
  }

  /** Index of the stub of a handle's live record, in `Heap.whole`; `nowhere` when it is none. */
  protected stubOf(handle: unknown): number {
    if (typeof handle !== "number" || !Number.isSafeInteger(handle) || handle <= 0) return nowhere;
    const { heap } = this;
    this.reopen();
    const address = handle >>> 0;
    if (this.slotOf(address) === nowhere) return nowhere;
    const at = stubAt(heap, address);
    return at !== nowhere && heap.whole[at] === this.stubFor(handle) ? at : nowhere;
  }

  /** @throws ERR_STALE_HANDLE, ERR_INVALID_ADDRESS */
  protected liveStub(handle: number): number {
    const at = this.stubOf(handle);
    if (at === nowhere) throw this.stale(handle);
    return at;
  }

  protected stale(handle: unknown): AllocatorError {
    if (typeof handle !== "number" || !Number.isSafeInteger(handle) || handle <= 0)
      return new AllocatorError("ERR_INVALID_ADDRESS", `${show(handle)} is no handle of a record`);
    const { heap } = this;
    const chunk = ((handle >>> 0) >>> chunkShift) - this.firstChunk;
    const isInside = chunk >= 0 && chunk < heap.layout.chunkCount;
    const at = isInside ? stubAt(heap, handle >>> 0) : nowhere;
    const isOthers =
      at !== nowhere &&
      isLive(heap.whole[at] as number) &&
      (heap.whole[at] as number) >>> generationShift === Math.floor(handle / handleUnit);
    const why = isOthers ? "is of other Records" : "was freed, or never was one of this heap";
    return new AllocatorError("ERR_STALE_HANDLE", `the record of handle ${handle} ${why}`);
  }
}
