// SlabAllocator: one worker's door to a heap, and the public surface (fast-path.ts, slow-path.ts, slab/locate.ts).

import { type Address, AllocatorError, dispose, show, type WorkerId } from "../base/index.ts";
import {
  type AttachOptions,
  createHeap,
  endHeap,
  giveBackMemory,
  type HeapHandle,
  type HeapOptions,
  handleOf,
  type Internals,
  joinHeap,
} from "../format/index.ts";
import { gauge, liveBy, type SizeClass, slotLive, wordsPerRound } from "../layout/index.ts";
import { bufferOf, type Heap } from "../memory/index.ts";
import { bytesToEnd, locate, roundCountIn } from "../slab/index.ts";
import { Kit, type KitHost, Roots } from "../structure/index.ts";
import { currentToken, tokenIn } from "../worker/index.ts";
import { cleansAll } from "./call-options.ts";
import {
  type Allocate,
  allocateOver,
  type Deallocate,
  deallocateOver,
  type SlowHalves,
} from "./fast-path.ts";
import { Inspected } from "./inspected.ts";
import type { Lookup } from "./lookup.ts";
import { Presence } from "./presence.ts";
import { SlowPath } from "./slow-path.ts";
import { givenBack, noOptions } from "./wrong-arguments.ts";

/** How often an allocation begins anew: illegal frees lose a round now and then, damaged books do it every time. */
const mostTries = 8;

export class SlabAllocator<Options = never> extends Inspected {
  /**
   * A new object of at least `size` bytes: its byte offset. Its bytes are what was there before. Only pools have options.
   * @throws ERR_INVALID_SIZE, ERR_INVALID_OPTION, ERR_INVALID_ALIGNMENT, ERR_OUT_OF_MEMORY, ERR_DETACHED
   */
  readonly allocate!: Allocate<Options>;
  /**
   * Ends an object, whichever worker allocated it. With `size`, that must round to the object's class.
   * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_SIZE_MISMATCH, ERR_DETACHED
   */
  readonly deallocate!: Deallocate;
  readonly workerId: WorkerId;
  /** The names of structures in this heap, by which any worker finds them. */
  readonly roots: Roots;

  protected readonly heap: Heap;
  protected readonly slow: SlowPath;
  protected readonly presence: Presence;
  protected readonly kit: Kit;
  private lookup: Lookup;

  /**
   * Formats a heap in a memory, and attaches to it.
   * @throws ERR_INVALID_OPTION; ERR_HEAP_BUSY over a live heap; ERR_OS_UNAVAILABLE for huge pages without an `os`
   */
  constructor(options: HeapOptions = {}, internals: Internals = {}) {
    const heap = internals.heap ?? createHeap(options, internals);
    const slow = new SlowPath(heap, tokenIn(heap, currentToken()), internals.others);
    super(bufferOf(heap.source));
    this.heap = heap;
    this.slow = slow;
    this.lookup = slow.lookup;
    // Before the rest: V8 keeps the first twenty or so properties in the object itself, others one load further away.
    this.makeFastPath();
    this.openFastPath();
    this.presence = new Presence(heap, slow);
    this.workerId = slow.id;
    this.kit = new Kit(heap, slow.place, this.kitHost());
    this.roots = new Roots(this.kit);
  }

  /**
   * Joins a heap, in another worker or in the same.
   * @throws ERR_INCOMPATIBLE_HEAP, ERR_TOO_MANY_WORKERS, ERR_HEAP_BUSY, ERR_DETACHED; ERR_INVALID_OPTION for `os`
   */
  static attach(handle: HeapHandle, options: AttachOptions = {}, opened?: Heap): SlabAllocator {
    const joined = new SlabAllocator({}, { heap: opened ?? joinHeap(handle, options, false) });
    return joined.presence.show(joined);
  }

  /** To be posted to another worker. @throws ERR_INVALID_OPTION for memory that is not shared */
  get handle(): HeapHandle {
    const handle = handleOf(this.heap);
    this.presence.show(this);
    return handle;
  }

  /** Usable bytes of a live object. @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_DETACHED */
  sizeOf(address: Address): number {
    this.open();
    return locate(this.heap, this.slow.classes, address).sizeClass.objectBytes;
  }

  /**
   * From now on the object counts as allocated by the caller: it is the caller's death that leaves it.
   * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_DETACHED
   */
  adopt(address: Address): void {
    this.open();
    // Another adopter, or the last owner's reaper, may come in between, and leaves the byte a live one: each once.
    for (let tries = 0; tries < 3; tries++) {
      const { slot, state } = locate(this.heap, this.slow.classes, address);
      if (this.heap.atomics.swapByte(this.heap.states, slot, state, liveBy(this.slow.place))) return;
    }
  }

  /**
   * From now on the object is nobody's: no worker's death ends it. What `adopt` takes back.
   * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_DETACHED
   */
  disown(address: Address): void {
    this.sizeOf(address);
    this.kit.disown(address);
  }

  /**
   * The caller's magazines go home, and slabs that are empty then go back; so does what workers keep of larger objects. With an
   * `os`, pages that have been free for a while go back to it, with `all` every free page; `decommittedBytes` were in memory.
   * @throws ERR_INVALID_OPTION, ERR_DETACHED
   */
  cleanup(options: { all?: boolean } = {}): { slabs: number; decommittedBytes: number } {
    const all = cleansAll(options);
    this.open();
    this.kit.sweepIfAny();
    const { slabs, decommittedBytes } = this.slow.cleanUp(all);
    if (!this.kit.hasRetired()) return { slabs, decommittedBytes };
    // Of workers that have left: it was theirs until just now.
    this.kit.sweep();
    const more = this.slow.cleanUp(all);
    return { slabs: slabs + more.slabs, decommittedBytes: decommittedBytes + more.decommittedBytes };
  }

  /**
   * Gives back this worker's caches and its id. Its objects stay, and are nobody's. Again: nothing.
   * @throws ERR_DETACHED, once, when the heap's ArrayBuffer was transferred
   */
  detach(): void {
    if (this.heap.isThere()) this.reopen();
    else this.closeFastPath();
    if (this.slow.isOpen()) this.kit.sweepIfAny();
    this.slow.detach();
    this.closeFastPath();
    this.presence.end();
  }

  [dispose](): void {
    this.detach();
  }

  /** Ends the heap for everyone. With an `os` all but 64 KiB go back to it. @throws ERR_DETACHED, as every call from now on */
  destroy(): void {
    this.open();
    endHeap(this.heap);
    this.detach();
    giveBackMemory(this.heap);
  }

  // The slow halves have over 290 bytes of bytecode each, so that V8 inlines none beside the calls (fast-path.ts).

  protected allocateSlow(size: number, options?: Options): Address {
    const index = this.indexFor(size);
    if (options === undefined && index !== 0 && this.isAtRest()) {
      const address = this.slow.allocate(index);
      if (address !== 0) return address as Address;
    }
    this.open();
    if (options !== undefined) throw noOptions(options);
    if (index === 0) throw this.invalidSize(size);
    const sizeClass = this.slow.classes[index] as SizeClass;
    for (let tries = 0; tries < mostTries; tries++) {
      this.slow.ensureRound(sizeClass);
      const { words, states } = this.heap;
      const top = sizeClass.magazineAt + (roundCountIn(this.heap, sizeClass) - 1) * wordsPerRound;
      const address = words[top] as number;
      const slot = (words[top + 1] as number) - this.heap.layout.tableBytes;
      if (!this.slow.holds(sizeClass, slot)) {
        this.open();
        continue;
      }
      states[slot] = liveBy(this.slow.place);
      words[sizeClass.gaugeAt] = (words[sizeClass.gaugeAt] as number) + gauge.allocated;
      return address as Address;
    }
    throw new AllocatorError("ERR_CORRUPT_HEAP", `rounds of class ${index} are lost as soon as they are had`);
  }

  protected deallocateSlow(address: Address, size: number | undefined): void {
    if (size === undefined && this.isAtRest() && this.slow.deallocate(address)) return;
    this.open();
    const { sizeClass, slot } = locate(this.heap, this.slow.classes, address);
    if (size !== undefined && this.indexFor(size) !== sizeClass.index) {
      const told = `${sizeClass.objectBytes} bytes, ${givenBack(address, size)}`;
      throw new AllocatorError("ERR_SIZE_MISMATCH", `the object at ${address} has ${told}`);
    }
    if (!this.slow.ensureSpace(sizeClass)) return this.slow.freeStray(sizeClass, slot);
    const { words, states } = this.heap;
    // Another free of the object, illegal or of a stale address, may have come meanwhile: says so.
    if ((states[slot] as number) < slotLive) locate(this.heap, this.slow.classes, address);
    const above = sizeClass.magazineAt + roundCountIn(this.heap, sizeClass) * wordsPerRound;
    words[above] = address;
    words[above + 1] = slot + this.heap.layout.tableBytes;
    states[slot] = this.slow.place;
    words[sizeClass.gaugeAt] = (words[sizeClass.gaugeAt] as number) + 1;
  }

  /** Index of the class that a request rounds to; 0 for what is no valid size. */
  protected indexFor(size: unknown): number {
    return this.lookup.classFor(size);
  }

  protected override bytesFrom(address: Address): number {
    return this.lookup.bytesFrom(address) || this.bytesFromSlow(address);
  }

  protected bytesFromSlow(address: Address): number {
    this.open();
    return bytesToEnd(this.heap, this.slow.classes, address);
  }

  /** Whether nothing is to be looked after before a call: its memory is where it was, and no exception cut it short. */
  protected isAtRest(): boolean {
    return this.lookup.mostBytes > 0 && this.heap.isShown;
  }

  protected openFastPath(): void {
    this.lookup.open();
  }

  /** From now on every call ends in its slow half. */
  protected closeFastPath(): void {
    this.lookup.close();
  }

  /** This allocator, seen by what calls its slow halves: they are called as methods of one object, as V8 likes it. */
  protected slowHalves(): SlowHalves<Options> {
    return this as unknown as SlowHalves<Options>;
  }

  private kitHost(): KitHost {
    const { slow } = this;
    return {
      open: () => this.open(),
      reopen: () => this.reopen(),
      slow,
      indexFor: (size) => this.indexFor(size),
      ensureRound: (index) => slow.ensureRound(slow.classes[index] as SizeClass),
      placeDoomed: (size) => this.placeDoomed(size),
      bytesFrom: (address) => this.bytesFrom(address),
      objectBytesNear: (address) => this.lookup.objectBytesNear(address),
      views: () => {
        this.reopen();
        return this;
      },
      reapNowAndThen: () => slow.dead.reapNowAndThen(),
    };
  }

  /** An object that no class serves. @throws ERR_INVALID_SIZE: only pools have such */
  protected placeDoomed(size: number): number {
    throw this.invalidSize(size);
  }

  protected invalidSize(size: unknown): AllocatorError {
    const largest = this.heap.layout.objectBytes.at(-1);
    return new AllocatorError("ERR_INVALID_SIZE", `sizes are integers, 1 to ${largest}, got ${show(size)}`);
  }

  private makeFastPath(): void {
    const [at, slow] = [this.lookup, this.slowHalves()];
    Object.assign(this, { allocate: allocateOver(at, slow), deallocate: deallocateOver(at, slow) });
  }

  /** Every slow call begins here. @throws ERR_DETACHED */
  protected open(): void {
    this.reopen();
    this.slow.assertAttached();
    this.kit.settle();
    this.settle();
  }

  /** What an exception left half done is settled before the fast path serves again. */
  protected settle(): void {
    if (this.lookup.isPaused) this.slow.repair();
  }

  /** Memory that is not shared may have grown, and its views are empty then. @throws ERR_DETACHED when it is gone */
  protected reopen(): void {
    if (this.heap.isShown) return;
    this.heap.openViews();
    this.showMemory(bufferOf(this.heap.source));
    this.lookup = this.slow.renewLookup();
    this.makeFastPath();
  }
}
