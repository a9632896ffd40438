// Records: objects of one struct, known by handles that tell when they are stale.
//
//   create   allocate · fields · stub live            died before the stub: an object of the worker's; behind it: a record
//   free     stub ended · slot given back             generations/ending.ts
//   at       stub of the handle's address = the handle's generation, live, our number: two loads beside the handle's halves
//
// A record is its worker's until `publish`: `reap(id, { live: true })` ends what a dead worker had not published.

import { type Address, AllocatorError, dispose, type EndsWithScope, show } from "../base/index.ts";
import {
  endIsOver,
  endRecord,
  entryAt,
  generationShift,
  handleUnit,
  leastStrideShift,
  nowhere,
  settleEnding,
} from "../generations/index.ts";
import { chunkBytes, chunkShift, record, recordAt, slotLive } from "../layout/index.ts";
import type { StructureHandle } from "../structure/index.ts";
import { Cursor, type Standing } from "./cursor.ts";
import type { RecordsHandle } from "./description.ts";
import { type AnyAllocator, assertOpen, tryAllocate } from "./inside.ts";
import { KnownRecords, outOfMemory } from "./known.ts";
import type { Fields, FieldView, Init, Struct } from "./struct.ts";
import { countLive, RecordSpan, slotsOf, Walk, type Walked } from "./walk.ts";

/** Address and generation of a record, in a safe integer. 0 is no record. */
export type RecordHandle = number;

/** A record that ends with its scope. */
export interface OwnedRecord extends EndsWithScope {
  readonly handle: RecordHandle;
}

const ownerTries = 4;
const chunkMask = chunkBytes - 1;
const tagMask = (1 << generationShift) - 1;

export class Records<F extends Fields> extends KnownRecords {
  private readonly cursor: Cursor<FieldView<F>>;
  /** Cursors of iterations that are over. */
  private readonly idle: Cursor<FieldView<F>>[] = [];
  private readonly walked: Walked;
  /** Objects of records whose values threw: they end with the next call that may. */
  private readonly unwritten: Address[] = [];

  /**
   * New records of a struct in a heap. `opened`: only for `attach`.
   * @throws ERR_INVALID_SIZE for records too long for the heap; ERR_INVALID_OPTION, ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  constructor(allocator: AnyAllocator, struct: Struct<F>, opened?: RecordsHandle | StructureHandle) {
    super(allocator, struct, opened);
    this.cursor = new Cursor(allocator, this.struct.places);
    this.walked = { heap: this.heap, memory: allocator, objectBytes: this.objectBytes, tag: this.tag };
  }

  /** The records that a handle names, or one that `heap.roots.get` has returned, in this worker. @throws ERR_INCOMPATIBLE_HEAP, naming the first field that differs */
  static attach<F extends Fields>(
    allocator: AnyAllocator,
    handle: RecordsHandle | StructureHandle | undefined,
    struct: Struct<F>,
  ): Records<F> {
    if (handle !== undefined) return new Records(allocator, struct, handle);
    throw new AllocatorError("ERR_INCOMPATIBLE_HEAP", "these are not the Records: the handle is undefined");
  }

  /**
   * A new record, its fields zero but for those given; this worker's until it is published.
   * @throws ERR_INVALID_OPTION, ERR_INVALID_SIZE for values; ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  create(init?: Init<F>): RecordHandle {
    if (init !== undefined) this.struct.check(init, "the record");
    this.assertThere();
    if (this.unwritten.length > 0) this.endUnwritten();
    const address = this.allocator.allocate(this.requestBytes);
    this.clear(address);
    if (init !== undefined) this.write(address, init);
    const handle = this.begin(address);
    if (handle === 0) throw outOfMemory("the generations of a record");
    return handle;
  }

  /** So many new records, all fields zero; or none. @throws ERR_INVALID_SIZE, ERR_OUT_OF_MEMORY, ERR_DETACHED */
  createMany(count: number): RecordHandle[] {
    if (!(Number.isInteger(count) && count >= 0))
      throw new AllocatorError("ERR_INVALID_SIZE", `count is an integer from 0 on, got ${show(count)}`);
    this.assertThere();
    const handles: RecordHandle[] = [];
    while (handles.length < count) {
      const handle = this.tryCreate();
      if (handle === 0) {
        for (const each of handles) this.free(each);
        throw outOfMemory(`${count} records: there was some for ${handles.length}`);
      }
      handles.push(handle);
    }
    return handles;
  }

  /**
   * The cursor, at a record: the same object each time, which stands there until the next call.
   * @throws ERR_STALE_HANDLE when the record was freed, or is of other Records; ERR_INVALID_ADDRESS for what is no handle
   */
  at(handle: RecordHandle): FieldView<F> & Standing {
    const { state, view } = this.cursor;
    if (typeof handle !== "number") throw this.stale(handle);
    const { i32 } = state;
    const address = handle >>> 0;
    const chunk = ((address >>> chunkShift) - this.firstChunk) >>> 0;
    if (chunk < this.chunkCount && (address & this.alignMask) === 0) {
      const entry = i32[this.directoryAt + chunk] as number;
      const stub = i32[
        ((entry >>> 3) << 1) + ((address & chunkMask) >>> ((entry & 7) + leastStrideShift))
      ] as number;
      const generation = stub >>> generationShift;
      if (
        (stub & tagMask) === this.tag &&
        generation * handleUnit + address === handle &&
        entry !== 0 &&
        (!this.isOdd || this.slotOf(address) !== nowhere)
      ) {
        state.at = address | 0;
        state.generation = generation;
        return view;
      }
    }
    return this.atSlow(handle);
  }

  /** Whether a handle's record is live. */
  has(handle: RecordHandle): boolean {
    return this.stubOf(handle) !== nowhere;
  }

  /** Ends a record, whichever worker created it. @throws ERR_STALE_HANDLE, ERR_INVALID_ADDRESS, ERR_DETACHED */
  free(handle: RecordHandle): void {
    assertOpen(this.allocator);
    const { heap, place } = this;
    const at = this.liveStub(handle);
    // What an exception has left half ended.
    if (heap.words[recordAt(heap.layout, place) + record.ending] !== 0)
      settleEnding(heap, place, (_slot, address) => this.allocator.deallocate(address));
    const address = (handle >>> 0) as Address;
    if (!endRecord(heap, place, address, this.slotOf(address), at, this.stubFor(handle)))
      throw this.stale(handle);
    this.allocator.deallocate(address);
    endIsOver(heap, place);
  }

  /** A record that `using` ends. @throws ERR_STALE_HANDLE */
  own(handle: RecordHandle): OwnedRecord {
    this.liveStub(handle);
    return { handle, [dispose]: () => this.free(handle) };
  }

  /** The record is nobody's from now on: no worker's death ends it. @throws ERR_STALE_HANDLE, ERR_DETACHED */
  publish(handle: RecordHandle): void {
    assertOpen(this.allocator);
    this.liveStub(handle);
    const { states, atomics } = this.heap;
    const slot = this.slotOf(handle >>> 0);
    // Another may adopt it meanwhile, or its worker's reaper loosen it: each once.
    for (let tries = 0; tries < ownerTries; tries++) {
      const state = states[slot] as number;
      if (state <= slotLive || atomics.swapByte(states, slot, state, slotLive)) return;
    }
  }

  /** The record is the caller's from now on. @throws ERR_STALE_HANDLE, ERR_DETACHED */
  adopt(handle: RecordHandle): void {
    this.liveStub(handle);
    this.allocator.adopt((handle >>> 0) as Address);
  }

  /** Live records, counted: a millisecond or so a million. */
  get size(): number {
    this.reopen();
    return countLive(this.walked);
  }

  /** All live records, by a cursor that goes from one to the next. Others may create and free meanwhile. */
  [Symbol.iterator](): IterableIterator<FieldView<F> & Standing> {
    this.reopen();
    const cursor = this.idle.pop() ?? new Cursor<FieldView<F>>(this.allocator, this.struct.places);
    cursor.state.show(this.allocator);
    return new Walk<FieldView<F> & Standing>(this.walked, cursor as never, (over) =>
      this.idle.push(over as never),
    );
  }

  /** The slots that the records are in, chunk by chunk, with fields as columns. */
  *spans(): IterableIterator<RecordSpan<keyof F & string>> {
    const { allocator, objectBytes, tag } = this;
    this.reopen();
    for (const { entry, base, count } of slotsOf(this.walked))
      yield new RecordSpan(allocator, this.struct.offsets, tag, entry, base, objectBytes, count);
  }

  /** Ends all records, and what they are known by. For quiet ones: nobody else may create meanwhile. @throws ERR_DETACHED */
  destroy(): void {
    assertOpen(this.allocator);
    this.assertThere();
    this.endUnwritten();
    for (const { handle } of this) this.free(handle);
    const { heap, allocator } = this;
    const { address } = this.handle;
    // First the caller's, so that a death behind the exchange leaves an object of a dead worker's.
    allocator.adopt(address);
    if (heap.atomics.swap(heap.whole, entryAt(heap, this.number), address | 0, 0))
      allocator.deallocate(address);
  }

  private tryCreate(): RecordHandle {
    const address = tryAllocate(this.allocator, this.requestBytes);
    if (address === 0) return 0;
    this.clear(address);
    return this.begin(address);
  }

  /** What was checked may still throw: the buffer of bytes was transferred, or a getter tells another value now. */
  private write(address: Address, init: Init<F>): void {
    const { unwritten } = this;
    try {
      this.struct.writeOver(this.allocator, address, init);
    } catch (error) {
      return writeThrew(unwritten, address, error);
    }
  }

  /** Ends the objects of records whose values threw. */
  private endUnwritten(): void {
    for (let address = this.unwritten.pop(); address !== undefined; address = this.unwritten.pop())
      this.allocator.deallocate(address);
  }

  private clear(address: Address): void {
    const { f64 } = this.allocator;
    const end = (address + this.requestBytes + 7) >>> 3;
    for (let i = address >>> 3; i < end; i++) f64[i] = 0;
  }

  private atSlow(handle: RecordHandle): FieldView<F> & Standing {
    const { state, view } = this.cursor;
    this.liveStub(handle);
    state.show(this.allocator);
    state.at = handle | 0;
    state.generation = (handle / handleUnit) | 0;
    return view;
  }
}

/** Nothing shared is read or written here. */
function writeThrew(unwritten: Address[], address: Address, error: unknown): never {
  unwritten.push(address);
  throw error;
}
