// What a structure is built with (core/structure): objects that are fresh until an exchange makes them the structure's, objects
// that go out by one and end, whoever dies when. One worker's. docs/ARCHITECTURE.md, "How to build a structure".
//
//   allocate … exchange … commit or retire      or allocate … keep      or allocate … abandon
//
// Between the first and the last of these no other call of the allocator: it would settle what is under way.

import { type Address, AllocatorError, nullOrThrow, show, type WorkerPlace } from "../base/index.ts";
import { cellFlags, header, record, recordAt, retiredAtOnce, slotLive, wideBytes } from "../layout/index.ts";
import type { Core, Heap, MemoryViews } from "../memory/index.ts";

/** A fresh object is tried for so often: illegal frees lose a round now and then, damaged books do it every time. */
const mostTries = 8;
const nowhere = -1;

/** What stands behind an allocator's fast calls. */
interface KitSlow {
  /** Settles what an exception cut short. */
  repair(): void;
  /** Before a call of the core in which slots may move; `resume` behind it. */
  pause(): void;
  resume(): void;
  /** Ends what is doomed of this worker, of whatever kind, in a walk over the heap. */
  endDoomed(): void;
}

/** What the kit needs of an allocator. */
export interface KitHost {
  /** @throws ERR_DETACHED */
  open(): void;
  /** Memory that is not shared may have grown: its views are made anew. @throws ERR_DETACHED when it is gone */
  reopen(): void;
  readonly slow: KitSlow;
  /** The index of the class that a request rounds to; 0: none does. */
  indexFor(size: number): number;
  /** Sees to it that the magazine's top is a slot to allocate. @throws ERR_OUT_OF_MEMORY */
  ensureRound(index: number): void;
  /** An object that no class serves, doomed; −1 where it cannot be had. @throws ERR_INVALID_SIZE where there are none such */
  placeDoomed(size: number): number;
  /** Bytes from an address in a live object to the object's end. @throws ERR_INVALID_ADDRESS */
  bytesFrom(address: Address): number;
  /** Bytes of the objects in the chunk of an address, whether one begins there or not; 0 where that takes a closer look. */
  objectBytesNear(address: Address): number;
  /** Views over the whole memory, which are not empty. @throws ERR_DETACHED when it is gone */
  views(): Pick<MemoryViews, "u8" | "i32">;
  /** Now and then: recovers the workers of processes that have ended. */
  reapNowAndThen(): void;
}

export class Kit {
  readonly heap: Heap;
  readonly place: WorkerPlace;
  readonly host: KitHost;
  /** Whether this worker is shown something in place just now, for which it has one hazard. */
  isShowing = false;
  private readonly doomedAt: number;
  /** True at the worker's next call: an exception stopped it while an object was noted as the one to end. */
  private isEnding = false;

  constructor(heap: Heap, place: WorkerPlace, host: KitHost) {
    this.heap = heap;
    this.place = place;
    this.host = host;
    this.doomedAt = recordAt(heap.layout, place) + record.doomed;
  }

  /** The core, as this worker's. @throws ERR_DETACHED when the memory is gone */
  get core(): Core {
    // What its calls are given is written, and what they find is read, by views.
    if (!this.heap.isShown) this.host.reopen();
    return this.heap.coreOf(this.place);
  }

  /** How often the heap was reset so far. */
  get resets(): number {
    return this.heap.words[header.resets] as number;
  }

  /** The core, for a structure of after so many resets. @throws ERR_DETACHED where one has come since, or the memory is gone */
  coreSince(resets: number): Core {
    // Of memory that has grown the views are empty, and the count is no number.
    return this.heap.words[header.resets] === resets ? this.heap.coreOf(this.place) : this.coreLater(resets);
  }

  private coreLater(resets: number): Core {
    const { core } = this;
    if (this.resets === resets) return core;
    throw new AllocatorError("ERR_DETACHED", "the heap was reset, which ended the structure");
  }

  /** Before a call: settles what an exception cut short. @throws ERR_DETACHED */
  open(): void {
    this.host.open();
    this.host.slow.repair();
  }

  /**
   * A fresh object: it ends if its worker does, until it is exchanged into a cell, or kept.
   * @throws ERR_INVALID_SIZE, ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  allocate(bytes: number): Address {
    const { host, core } = this;
    this.open();
    const index = bytes > wideBytes ? 0 : host.indexFor(bytes);
    if (index === 0) return this.allocateOther(bytes);
    for (let tries = 0; tries < mostTries; tries++) {
      host.slow.pause();
      const address = core.allocateFresh(index);
      host.slow.resume();
      if (address !== 0) return (address >>> 0) as Address;
      this.open();
      host.ensureRound(index);
    }
    throw new AllocatorError("ERR_CORRUPT_HEAP", `rounds of class ${index} are lost as soon as they are had`);
  }

  /** The same; 0 for want of memory. @throws ERR_DETACHED */
  tryAllocate(bytes: number): number {
    try {
      return this.allocate(bytes);
    } catch (error) {
      return nullOrThrow(error);
    }
  }

  private allocateOther(bytes: number): Address {
    // Until it is noted as fresh it is noted as the one to end: an exception in between leaves it to the next call.
    this.isEnding = true;
    const address = this.host.placeDoomed(bytes);
    if (address === nowhere)
      throw new AllocatorError("ERR_OUT_OF_MEMORY", `no ${bytes} bytes for a structure can be had`);
    this.core.noteFresh(address);
    this.heap.words[this.doomedAt] = 0;
    this.isEnding = false;
    return address as Address;
  }

  /**
   * Exchanges a cell that was seen with a value and a stamp. The fresh object, if there is one, goes in, `old` goes out.
   * False: somebody was faster, and nothing has changed.
   */
  exchange(cell: number, value: number, stamp: number, next: number, old = 0): boolean {
    return Boolean(this.core.exchange(cell, value, stamp, next, old));
  }

  /** The exchange took place: what went out is the caller's object from now on. */
  commit(): void {
    this.core.commit();
  }

  /** The same; what went out ends when nobody reads it any more. */
  retire(): void {
    if (this.core.retire() >= retiredAtOnce) this.sweep();
  }

  /**
   * What a cell leads to goes out by one exchange, and ends, whoever dies when. Something else comes in its place, or nothing. The low
   * bits of a cell may say what they like: objects begin at multiples of 8.
   */
  endAt(cell: number, next = 0): void {
    const { core } = this;
    const value = core.seeCell(cell);
    const stamp = core.stampSeen();
    const old = value & ~cellFlags.all;
    if (old === 0) return;
    if (this.exchange(cell, value, stamp, next, old)) this.retire();
    else this.abandon();
  }

  /** What is fresh is nobody's, as it is. */
  keep(): void {
    this.core.keepFresh();
  }

  /** What is fresh ends. */
  abandon(): void {
    this.beginToEnd();
    this.endSlowly(this.core.abandon());
  }

  /** Ends an object of the caller's, also if the caller dies meanwhile. */
  end(address: Address): void {
    this.beginToEnd();
    this.endSlowly(this.core.end(address));
  }

  /** Ends the message that the caller holds. */
  endHeld(): void {
    this.beginToEnd();
    this.endSlowly(this.core.endHeld());
  }

  /** Ends what was retired and nobody reads any more. */
  sweep(): void {
    for (let left = -1; left !== 0; ) {
      this.beginToEnd();
      left = this.core.sweepRetired();
      this.endSlowly(left);
    }
  }

  /** The same if there is anything. */
  sweepIfAny(): void {
    if (this.hasRetired()) this.sweep();
  }

  hasRetired(): boolean {
    return Boolean(this.core.hasRetired(this.place));
  }

  /** Whether an address is that of a live object. */
  isLive(address: number): boolean {
    return this.core.ownerIn(this.core.ownerAt(address)) >= slotLive;
  }

  /** Whether an address is that of a live object of at least so many bytes. */
  holds(address: number, bytes: number): boolean {
    return this.isLive(address) && this.host.bytesFrom(address as Address) >= bytes;
  }

  /** @throws ERR_INVALID_ADDRESS where no live object begins */
  expectLive(address: number): void {
    if (!this.isLive(address)) throw this.notLive(address);
  }

  /** From now on an object is nobody's. @throws ERR_INVALID_ADDRESS where none begins */
  disown(address: number): void {
    const at = this.core.ownerAt(address);
    // An adopter, or its owner's reaper, may come in between: each once.
    for (let tries = 0; tries < mostTries; tries++) {
      const owner = this.core.ownerIn(at);
      if (owner === 0) throw this.notLive(address);
      if (owner === slotLive || this.core.swapOwner(at, owner, slotLive)) return;
    }
  }

  private notLive(address: number): AllocatorError {
    return new AllocatorError("ERR_INVALID_ADDRESS", `no live object begins at ${show(address)}`);
  }

  private beginToEnd(): void {
    this.isEnding = true;
    this.host.slow.pause();
  }

  /** What is noted as the one to end, and the core could not. */
  private endSlowly(left: number): void {
    this.host.slow.resume();
    if (left !== 0) this.host.slow.endDoomed();
    this.isEnding = false;
  }

  /** Each slow call begins here: what an exception kept from its end, ends. */
  settle(): void {
    if (!this.isEnding) return;
    if (this.heap.words[this.doomedAt] !== 0) this.host.slow.endDoomed();
    this.isEnding = false;
  }
}

/** The kit of an allocator, of this copy of the library or another. @throws ERR_INVALID_OPTION for what is none */
export function kitOf(heap: unknown): Kit {
  const kit = typeof heap === "object" && heap !== null ? (heap as { kit?: unknown }).kit : undefined;
  if (typeof (kit as Kit | undefined)?.exchange === "function") return kit as Kit;
  throw new AllocatorError(
    "ERR_INVALID_OPTION",
    `a structure is on a SlabAllocator or a MemoryPool, got ${show(heap)}`,
  );
}
