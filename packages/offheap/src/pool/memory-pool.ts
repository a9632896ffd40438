// MemoryPool: a heap for any size and any pattern. Small requests take the fast path of the slabs as it is; what
// ends in its slow half and is no slot is a large object (large/large.ts).

import { givenBack, SlabAllocator } from "../allocator/index.ts";
import { type Address, AllocatorError, show } from "../base/index.ts";
import type { Violation } from "../checks/index.ts";
import {
  type AttachOptions,
  type HeapHandle,
  type HeapOptions,
  hugeBytesOf,
  type Internals,
  joinHeap,
} from "../format/index.ts";
import { checkHeap } from "../inspect/index.ts";
import {
  bytesToLargeEnd,
  collectPoolStats,
  type Large,
  noSpaceFor,
  notLive,
  PoolChecks,
  type PoolStats,
  resetHeap,
} from "../large/index.ts";
import { header, type SizeClass } from "../layout/index.ts";
import { bufferOf, type Heap } from "../memory/index.ts";
import { nowhere } from "../pages/index.ts";
import { journal, writeJournal } from "../worker/index.ts";
import { clear } from "./clear.ts";
import { type MallocImports, type MallocInside, mallocOver } from "./malloc.ts";
import { outCell } from "./malloc-arguments.ts";
import { Moves } from "./moves.ts";
import {
  type AllocateOptions,
  checkAllocateOptions,
  checkMallocOptions,
  isSize,
  type MallocOptions,
} from "./options.ts";
import { ownSpans } from "./own-spans.ts";
import { PoolRegion } from "./region.ts";
import { Resizing } from "./resizing.ts";
import { alignedClass, fits, isWide, WideClasses } from "./wide-classes.ts";

/** While an object's owner is changed its owner may die, an adopter come and die, each once. */
const ownerTries = 4;
const plain = { align: 1, zeroed: false };

export class MemoryPool extends SlabAllocator<AllocateOptions> {
  private readonly large: Large;
  private readonly moves: Moves;
  private readonly resizing: Resizing;
  private readonly wide: WideClasses;
  /** Still true at the next call: an exception cut a reset short, which that call ends first. */
  private isResetting = false;

  /**
   * Formats a heap in a memory, and attaches to it. Its size classes are `SizeClasses.fine` unless said otherwise, and
   * from 64 MiB on some up to 32 KiB, as many as an eighth of what a worker's magazines may hold has rounds of.
   * @throws ERR_INVALID_OPTION; ERR_HEAP_BUSY over a live heap; ERR_OS_UNAVAILABLE for huge pages without an `os`
   */
  constructor(options: HeapOptions = {}, internals: Omit<Internals, "others"> = {}) {
    const spans = ownSpans();
    super(options, { ...internals, others: spans.of });
    this.large = spans.made as Large;
    this.large.fastPath = this.slow;
    this.moves = new Moves(this.heap, this.slow, this.large, (size) => this.placeLarge(size, 1, true, true));
    this.wide = new WideClasses(this.slow, this.large, (size, align) => this.placeLarge(size, align, false));
    this.resizing = new Resizing(this.heap, this.slow, this.large, this.moves, (size) => this.indexFor(size));
  }

  /**
   * Joins a pool, in another worker or in the same.
   * @throws ERR_INCOMPATIBLE_HEAP, ERR_TOO_MANY_WORKERS, ERR_HEAP_BUSY, ERR_DETACHED; ERR_INVALID_OPTION for `os`
   */
  static override attach(handle: HeapHandle, options: AttachOptions = {}, opened?: Heap): MemoryPool {
    const joined = new MemoryPool({}, { heap: opened ?? joinHeap(handle, options, true) });
    return joined.presence.show(joined);
  }

  /**
   * Makes an object at least `size` bytes long: where it is, or at another address, with its bytes as far as both
   * have them. The old address is no object then. Alignment beyond 8 is not kept by a move. Of a worker that dies in
   * the middle of a move one of the two objects is left, whole; which one, nobody can tell it.
   *
   * What fits where the object is never wants memory: it stays there, cut as far as its kind allows, when no smaller
   * place can be had. `sizeOf` tells what it has then; give it back without a size.
   * @returns the address, which may be another
   * @throws ERR_INVALID_SIZE, ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_OUT_OF_MEMORY, ERR_DETACHED: the object
   *   is as it was then
   */
  reallocate(address: Address, size: number): Address {
    return this.resize(address, size, size);
  }

  override sizeOf(address: Address): number {
    this.open();
    const found = this.large.locate(address);
    return found === undefined ? super.sizeOf(address) : found.units * found.unitBytes;
  }

  override adopt(address: Address): void {
    this.open();
    for (let tries = 0; tries < ownerTries; tries++) {
      const found = this.large.locate(address);
      if (found === undefined) return super.adopt(address);
      if (this.large.adopt(found)) return;
    }
  }

  override detach(): void {
    // The object that an exception left where it was stays.
    if (this.moves.isUnderWay && this.heap.isThere()) {
      this.reopen();
      if (this.slow.isOpen()) this.moves.finish();
    }
    super.detach();
  }

  /**
   * Frees everything at once, whoever allocated it, without a look at any object. For
   * quiet pools, as check(): until it returns, or its worker is reaped, no other worker may call. It costs what the
   * pool's chunks and workers do, however many objects there are.
   * @throws ERR_DETACHED
   */
  reset(): void {
    this.open();
    this.slow.repair();
    // Until it is done, so that after an exception no object comes from a magazine that is yet to be emptied.
    this.closeFastPath();
    this.isResetting = true;
    this.finishReset();
  }

  /** Objects that are freed together. @throws ERR_DETACHED */
  region(): PoolRegion {
    this.open();
    return new PoolRegion({
      allocate: (size, options) => this.allocate(size, options),
      tryAllocate: (size) => this.tryAllocate(size),
      deallocate: (address) => this.deallocate(address),
      zero: (address, bytes) => this.zero(address, bytes),
      epoch: () => this.epoch(),
    });
  }

  override stats(): PoolStats {
    this.open();
    return { ...collectPoolStats(this.heap), hugeBytes: hugeBytesOf(this.heap) };
  }

  override check(): Violation[] {
    this.open();
    return checkHeap(this.heap, (heap, report) => new PoolChecks(heap, report));
  }

  /**
   * C's calls for WebAssembly modules on this memory. NULL (0) for want of memory.
   * With `direct` those up to `memalign` are calls from WebAssembly to WebAssembly. When JavaScript calls these they take
   * numbers as every export of a module does: modulo 2^32, and addresses come signed.
   * @throws ERR_INVALID_OPTION
   */
  asMalloc(options: MallocOptions = {}): MallocImports {
    const { direct } = checkMallocOptions(options);
    const { source, offset, dataAt, layout, core } = this.heap;
    const inside: MallocInside = {
      core: direct ? core : undefined,
      pause: () => this.slow.pause(),
      cleanUp: () => this.slow.cleanUpBeyondSlabs(),
      resize: (address, want, least) => this.resize(address, want, least),
      outCell: (address) => {
        this.open();
        return outCell(bufferOf(source), offset, dataAt, address);
      },
    };
    return mallocOver(this, layout.objectBytes, inside);
  }

  protected override settle(): void {
    if (this.isResetting) this.finishReset();
    // Before a repair: that would end what is noted, which may be the object that stays.
    if (this.moves.isUnderWay) this.moves.finish();
    super.settle();
  }

  // Large enough for V8 not to inline it, as the slabs' own slow halves are.
  protected override allocateSlow(size: number, options: AllocateOptions | undefined): Address {
    const { align, zeroed } = options === undefined ? plain : checkAllocateOptions(options);
    const index = this.indexFor(size);
    if (options === undefined && index !== 0 && !isWide(this.heap.layout, index))
      return super.allocateSlow(size);
    const found = options === undefined && this.isAtRest() ? this.wide.placeInCore(size, index) : 0;
    if (found !== 0) return found as Address;
    const aligned = alignedClass(this.heap.layout, index, align);
    if (aligned > 0 && !isWide(this.heap.layout, aligned)) {
      const address = this.allocate(this.slow.classes[aligned]?.objectBytes as number);
      if (zeroed) this.zero(address, size);
      return address;
    }
    this.open();
    if (!isSize(size) || size > this.large.mostBytes) throw this.invalidSize(size);
    const address =
      aligned > 0
        ? this.placeWide(this.slow.classes[aligned] as SizeClass, size, align)
        : this.placeLarge(size, align, false);
    if (address === nowhere) throw noSpaceFor(this.heap, this.slow.classes[index] as SizeClass, size, align);
    if (zeroed && (aligned > 0 || !this.large.isZero)) this.zero(address as Address, size);
    return address as Address;
  }

  protected override isAtRest(): boolean {
    return super.isAtRest() && !this.moves.isUnderWay;
  }

  protected override deallocateSlow(address: Address, size: number | undefined): void {
    if (size === undefined && this.isAtRest() && this.slow.deallocate(address)) return;
    this.open();
    let found = this.large.locate(address);
    if (found === undefined) return super.deallocateSlow(address, size);
    const isFitting = isSize(size) && fits(this.heap.layout, found, size, this.indexFor(size));
    if (size !== undefined && !isFitting) {
      const told = `${found.units * found.unitBytes} bytes, ${givenBack(address, size)}`;
      throw new AllocatorError("ERR_SIZE_MISMATCH", `the object at ${address} has ${told}`);
    }
    this.slow.repair();
    for (let tries = 0; tries < ownerTries && found !== undefined; tries++) {
      if (this.large.free(found)) {
        this.slow.countFreed();
        return;
      }
      found = this.large.locate(address);
    }
    throw notLive(address, "it was freed meanwhile");
  }

  protected override bytesFromSlow(address: Address): number {
    this.open();
    return bytesToLargeEnd(this.heap, address) ?? super.bytesFromSlow(address);
  }

  private finishReset(): void {
    resetHeap(this.heap, this.slow.place, this.slow.place);
    writeJournal(this.heap, this.slow.place, journal.idle);
    this.openFastPath();
    this.isResetting = false;
  }

  /** As `allocate`; `nowhere` when it cannot be had. */
  private tryAllocate(size: number): number {
    this.open();
    const index = this.indexFor(size);
    if (index === 0) return size <= this.large.mostBytes ? this.placeLarge(size, 1, false) : nowhere;
    if (isWide(this.heap.layout, index))
      return this.placeWide(this.slow.classes[index] as SizeClass, size, 1);
    return this.slow.findRound(this.slow.classes[index] as SizeClass) ? this.allocate(size) : nowhere;
  }

  /** A slot of a wide class, whose objects are so aligned, or a page run. `nowhere` when neither can be had. */
  private placeWide(sizeClass: SizeClass, size: number, align: number): number {
    return this.wide.place(sizeClass, size, align) ?? super.allocateSlow(sizeClass.objectBytes);
  }

  private placeLarge(size: number, align: number, isDoomed: boolean, isGrowing = false): number {
    this.slow.repair();
    const address = this.large.allocate(size, align, isDoomed, isGrowing);
    if (address !== nowhere) return address;
    this.slow.cleanUp(false);
    this.large.search();
    return this.large.allocate(size, align, isDoomed, isGrowing);
  }

  /** `reallocate` to `want` bytes, of which `least` will do where the object has them and no other place can be had. */
  private resize(address: Address, want: number, least: number): Address {
    const next = this.isAtRest() ? this.resizing.resizeInCore(address, want) : 0;
    if (next !== 0) return next as Address;
    this.open();
    if (!isSize(least) || least > this.large.mostBytes) throw this.invalidSize(least);
    return this.resizing.resize(this.u8, address, want, least);
  }

  private zero(address: Address, bytes: number): void {
    clear(this.f64, address, bytes);
  }

  private epoch(): number {
    this.reopen();
    return this.slow.isOpen() ? (this.heap.words[header.resets] as number) >>> 0 : -1;
  }

  protected override placeDoomed(size: number): number {
    if (!isSize(size) || size > this.large.mostBytes) throw this.invalidSize(size);
    return this.placeLarge(size, 1, true);
  }

  protected override invalidSize(size: unknown): AllocatorError {
    const most = this.large.mostBytes;
    return new AllocatorError("ERR_INVALID_SIZE", `sizes are integers, 1 to ${most}, got ${show(size)}`);
  }
}
