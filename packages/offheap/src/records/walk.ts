// Over all live records, slot by slot, from the stubs. Records that begin or end meanwhile are met or not, each at most once.

import { isSlab, lengthOf, mapClassMask, mapDistanceShift } from "../arena/index.ts";
import { type Address, AllocatorError, type ClassIndex } from "../base/index.ts";
import {
  generationShift,
  handleOf,
  objectBytesAt,
  slotStartFrom,
  strideShiftOf,
  stubIn,
} from "../generations/index.ts";
import { chunkBytes, slotCountOf } from "../layout/index.ts";
import type { Heap, MemoryViews } from "../memory/index.ts";
import type { Cursor } from "./cursor.ts";
import type { CursorState } from "./field.ts";

const tagMask = (1 << generationShift) - 1;

/** A field of the records of a span, as a typed array has it: record i's is `values[first + i * step]`. */
export interface Column<Values> {
  readonly values: Values;
  readonly first: number;
  readonly step: number;
}

/** The slots of one chunk of a slab: equal, and side by side. Not every one holds a record: `isLive` tells. */
export class RecordSpan<Name = string> {
  /** Address of the first slot. */
  readonly base: Address;
  /** Bytes from a slot to the next. */
  readonly stride: number;
  /** Slots. */
  readonly count: number;
  private readonly memory: MemoryViews;
  private readonly offsets: Readonly<Record<string, number>>;
  private readonly tag: number;
  private readonly stubsAt: number;
  private readonly shift: number;
  private readonly offset: number;

  constructor(
    memory: MemoryViews,
    offsets: Readonly<Record<string, number>>,
    tag: number,
    entry: number,
    base: Address,
    stride: number,
    count: number,
  ) {
    this.base = base;
    this.stride = stride;
    this.count = count;
    this.memory = memory;
    this.offsets = offsets;
    this.tag = tag;
    this.stubsAt = stubIn(entry, 0);
    this.shift = strideShiftOf(entry);
    this.offset = base % chunkBytes;
  }

  /** Whether slot `index` holds a record. */
  isLive(index: number): boolean {
    const at = this.stubsAt + ((this.offset + index * this.stride) >>> this.shift);
    return ((this.memory.i32[at] as number) & tagMask) === this.tag;
  }

  /** The first slot from `index` on that holds a record; `count` where none does. */
  nextLive(index: number): number {
    return this.next(index, true);
  }

  /** The first slot from `index` on that holds none; `count` where all do. */
  nextFree(index: number): number {
    return this.next(index, false);
  }

  /** The handle of the record in slot `index`; 0 where there is none. */
  handle(index: number): number {
    const at = this.stubsAt + ((this.offset + index * this.stride) >>> this.shift);
    const stub = this.memory.i32[at] as number;
    return (stub & tagMask) === this.tag
      ? handleOf(stub >>> generationShift, this.base + index * this.stride)
      : 0;
  }

  u8(name: Name): Column<Uint8Array> {
    return this.column(this.memory.u8, name);
  }
  i8(name: Name): Column<Int8Array> {
    return this.column(this.memory.i8, name);
  }
  u16(name: Name): Column<Uint16Array> {
    return this.column(this.memory.u16, name);
  }
  i16(name: Name): Column<Int16Array> {
    return this.column(this.memory.i16, name);
  }
  u32(name: Name): Column<Uint32Array> {
    return this.column(this.memory.u32, name);
  }
  i32(name: Name): Column<Int32Array> {
    return this.column(this.memory.i32, name);
  }
  f32(name: Name): Column<Float32Array> {
    return this.column(this.memory.f32, name);
  }
  f64(name: Name): Column<Float64Array> {
    return this.column(this.memory.f64, name);
  }
  u64(name: Name): Column<BigUint64Array> {
    return this.column(this.memory.u64, name);
  }
  i64(name: Name): Column<BigInt64Array> {
    return this.column(this.memory.i64, name);
  }

  private next(index: number, isLive: boolean): number {
    const { count, stride, shift, stubsAt, tag } = this;
    const { i32 } = this.memory;
    let offset = this.offset + index * stride;
    for (let i = index; i < count; i++) {
      if ((((i32[stubsAt + (offset >>> shift)] as number) & tagMask) === tag) === isLive) return i;
      offset += stride;
    }
    return count;
  }

  /** @throws ERR_INVALID_OPTION for no field's name, and for one that is not aligned for the view */
  private column<V extends { readonly BYTES_PER_ELEMENT: number }>(values: V, name: Name): Column<V> {
    const bytes = values.BYTES_PER_ELEMENT;
    const offset = this.offsets[String(name)];
    if (offset === undefined || !Object.hasOwn(this.offsets, String(name)))
      throw new AllocatorError("ERR_INVALID_OPTION", `${String(name)} is no field of these records`);
    if (offset % bytes !== 0)
      throw new AllocatorError(
        "ERR_INVALID_OPTION",
        `${String(name)} stands at byte ${offset}: no column of ${bytes} bytes`,
      );
    return { values, first: (this.base + offset) / bytes, step: this.stride / bytes };
  }
}

/** What a walk needs to know of Records. */
export interface Walked {
  readonly heap: Heap;
  readonly memory: MemoryViews;
  readonly objectBytes: number;
  /** What the stubs of live records end in: live, and the number. */
  readonly tag: number;
}

/** The slots of a chunk that may hold records: its directory entry, where its first slot is, and how many there are. */
interface Slots {
  readonly entry: number;
  readonly base: Address;
  readonly count: number;
}

/** Chunk by chunk. As a generator V8 inlines none of it: the loops have room for the accessors that they call. */
export function* slotsOf(walked: Walked): Generator<Slots, undefined> {
  for (let chunk = 0; chunk < walked.heap.layout.chunkCount; chunk++) {
    const slots = slotsIn(walked, chunk);
    if (slots !== undefined) yield slots;
  }
  return undefined;
}

function slotsIn(walked: Walked, chunk: number): Slots | undefined {
  const { heap, objectBytes } = walked;
  const { words, layout, atomics, dataAt } = heap;
  // Acquires the leaf's stubs.
  const entry = atomics.load(words, layout.generationsAt + chunk);
  if (entry === 0 || objectBytesAt(heap, chunk) !== objectBytes) return undefined;
  const map = words[layout.mapAt + chunk] as number;
  const distance = map >>> mapDistanceShift;
  const claim = distance > chunk ? 0 : atomics.load(words, layout.claimsAt + chunk - distance);
  if (!isSlab(claim)) return undefined;
  const start = slotStartFrom(heap, chunk, 0, objectBytes);
  const before = (distance * chunkBytes + start) / objectBytes;
  const inSlab = slotCountOf(layout, (map & mapClassMask) as ClassIndex, lengthOf(claim));
  const count = Math.min(Math.ceil((chunkBytes - start) / objectBytes), inSlab - before);
  return count > 0 ? { entry, base: (dataAt + chunk * chunkBytes + start) as Address, count } : undefined;
}

/** How many records are live. */
export function countLive(walked: Walked): number {
  const { heap, objectBytes, tag } = walked;
  let count = 0;
  const { whole } = heap;
  for (const { entry, base, count: slots } of slotsOf(walked)) {
    for (let i = 0; i < slots; i++) {
      const at = stubIn(entry, base + i * objectBytes);
      if (((whole[at] as number) & tagMask) === tag) count++;
    }
  }
  return count;
}

/** An iteration: a cursor that goes from record to record. `over` gets the cursor back. */
export class Walk<View> implements IterableIterator<View> {
  private readonly walked: Walked;
  private readonly over: (cursor: Cursor<View>) => void;
  private readonly objectBytes: number;
  private readonly tag: number;
  private cursor: Cursor<View> | undefined;
  private readonly state: CursorState;
  private readonly stubs: Int32Array;
  /** What `next` returns, the same each time: the cursor is the same, too. */
  private readonly met: IteratorYieldResult<View>;
  private readonly chunks: Iterator<Slots, undefined>;
  private entry = 0;
  private address = 0;
  private left = 0;

  constructor(walked: Walked, cursor: Cursor<View>, over: (cursor: Cursor<View>) => void) {
    this.walked = walked;
    this.objectBytes = walked.objectBytes;
    this.tag = walked.tag;
    this.cursor = cursor;
    this.state = cursor.state;
    this.stubs = walked.heap.whole;
    this.met = { done: false, value: cursor.view };
    this.over = over;
    this.chunks = slotsOf(walked);
  }

  [Symbol.iterator](): this {
    return this;
  }

  // Short, so that V8 inlines it, and the accessors of the fields beside it.
  next(): IteratorResult<View, undefined> {
    while (this.left > 0) {
      const { address } = this;
      this.left--;
      this.address = address + this.objectBytes;
      const at = stubIn(this.entry, address);
      if (((this.stubs[at] as number) & tagMask) === this.tag && this.isAt(at, address)) return this.met;
    }
    return this.nextSlow();
  }

  /** Moves the cursor, if the record is there still. */
  private isAt(at: number, address: number): boolean {
    // Acquires what the record's worker wrote before it was live.
    const stub = this.walked.heap.atomics.load(this.stubs, at);
    this.state.at = address | 0;
    this.state.generation = stub >>> generationShift;
    return (stub & tagMask) === this.tag;
  }

  private nextSlow(): IteratorResult<View, undefined> {
    return this.goOn() ? this.next() : this.return();
  }

  return(): { done: true; value: undefined } {
    if (this.cursor !== undefined) this.over(this.cursor);
    this.cursor = undefined;
    return { done: true, value: undefined };
  }

  /** To the next chunk with slots; false at the end. */
  private goOn(): boolean {
    const { done, value } = this.chunks.next();
    if (done === true || this.cursor === undefined) return false;
    this.entry = value.entry;
    this.address = value.base;
    this.left = value.count;
    return true;
  }
}
