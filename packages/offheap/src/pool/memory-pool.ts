// MemoryPool: a heap for any size and any pattern. Small requests take the fast path of the slabs as it is; what
// ends in its slow half and is no slot is a large object (large.ts).

import type { Address } from "../base/brands.ts";
import { AllocatorError, show } from "../base/errors.ts";
import type { Os } from "../base/os.ts";
import { chunkBytes, header } from "../memory/layout.ts";
import { checkHeap, type Violation } from "../slab/check.ts";
import { type Internals, joinHeap } from "../slab/create.ts";
import type { SlowHalves } from "../slab/fast-path.ts";
import type { HeapHandle } from "../slab/format.ts";
import { hugeBytesOf } from "../slab/huge-pages.ts";
import { journal, writeJournal } from "../slab/journal.ts";
import { locate } from "../slab/locate.ts";
import type { HeapOptions } from "../slab/options.ts";
import type { OtherSpansOf } from "../slab/other-spans.ts";
import { SlabAllocator } from "../slab/slab-allocator.ts";
import { warmUp } from "../slab/warm-up.ts";
import { clear } from "./clear.ts";
import { Large, notLive } from "./large.ts";
import { type MallocImports, mallocOver } from "./malloc.ts";
import { Moves } from "./moves.ts";
import { type AllocateOptions, checkAllocateOptions, isSize } from "./options.ts";
import { nowhere } from "./page-runs.ts";
import { PoolChecks } from "./pool-check.ts";
import { collectPoolStats, type PoolStats } from "./pool-stats.ts";
import { PoolRegion, type RegionSource } from "./region.ts";
import { resetHeap } from "./reset.ts";

/** Between reading an object's owner and changing it its owner may die, an adopter come and die, each once. */
const ownerTries = 4;
/** What an allocation without options asks for. */
const plain = { align: 1, zeroed: false };

/** Makes a worker's large objects. Apart, for a closure of the pool would keep it from being collected (presence.ts). */
function ownSpans(): { of: OtherSpansOf; made: Large | undefined } {
  const own: ReturnType<typeof ownSpans> = {
    made: undefined,
    of: (heap, spans, worker) => {
      const large = new Large(heap, spans, worker);
      own.made ??= large;
      return large;
    },
  };
  return own;
}

export class MemoryPool extends SlabAllocator<AllocateOptions> {
  private readonly large: Large;
  private readonly moves: Moves;
  /** Still true at the next call: an exception cut a reset short, which that call ends first. */
  private isResetting = false;

  /**
   * Formats a heap in a memory, and attaches to it. Its size classes are `SizeClasses.fine` unless said otherwise.
   * @throws ERR_INVALID_OPTION; ERR_OS_UNAVAILABLE when huge pages are asked for without an `os`
   */
  constructor(options: HeapOptions = {}, internals: Omit<Internals, "others"> = {}) {
    warmUp((small, tiny) => new MemoryPool(small, tiny).slowHalves() as SlowHalves<never>);
    const spans = ownSpans();
    super(options, { ...internals, others: spans.of });
    this.large = spans.made as Large;
    const placeLarge = (size: number) => this.placeLarge(size, 1, true);
    const fastPath = { open: () => this.openFastPath(), close: () => this.closeFastPath() };
    this.moves = new Moves(this.heap, this.slow, this.large, placeLarge, fastPath);
  }

  /**
   * Joins a pool, in another worker or in the same.
   * @throws ERR_INCOMPATIBLE_HEAP, ERR_TOO_MANY_WORKERS, ERR_HEAP_BUSY, ERR_DETACHED; ERR_INVALID_OPTION for `os`
   */
  static override attach(handle: HeapHandle, options: { readonly os?: Os } = {}): MemoryPool {
    const joined = new MemoryPool({}, { heap: joinHeap(handle, options, true) });
    return joined.presence.show(joined);
  }

  /**
   * Makes an object at least `size` bytes long: where it is, or at another address, with its bytes as far as both
   * have them. The old address is no object then. Alignment beyond 8 is not kept by a move. Of a worker that dies in
   * the middle of a move one of the two objects is left, whole; which one, nobody can tell it.
   * @returns the address, which may be another
   * @throws ERR_INVALID_SIZE, ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_OUT_OF_MEMORY, ERR_DETACHED: the object
   *   is as it was then
   */
  reallocate(address: Address, size: number): Address {
    this.open();
    if (!isSize(size) || size > this.large.mostBytes) throw this.invalidSize(size);
    const found = this.large.locate(address);
    if (found === undefined) {
      const located = locate(this.heap, this.slow.classes, address);
      const index = this.indexFor(size);
      if (index === located.sizeClass.index) return address;
      return this.moves.move(this.u8, address, size, index, located);
    }
    const want = found.unitsFor(size);
    if (want === found.units) return address;
    this.slow.mend();
    const staysKind = this.indexFor(size) === 0 && this.large.isRun(size, 1) === found.isRun;
    if (staysKind && this.large.resize(found, want)) return address;
    return this.moves.move(this.u8, address, size, this.indexFor(size), found);
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
    if (this.moves.isUnderWay && this.slow.isOpen()) this.moves.finish();
    super.detach();
  }

  /**
   * Frees everything at once, whoever allocated it, without a look at any object. For
   * quiet pools, as check(): until it returns, or its worker is reaped, no other worker may call. It costs what the
   * pool's chunks and workers do, however many objects there are.
   */
  reset(): void {
    this.open();
    this.slow.mend();
    // Until it is done, so that after an exception no object comes from a magazine that is yet to be emptied.
    this.closeFastPath();
    this.isResetting = true;
    this.finishReset();
  }

  /** Objects that are freed together. */
  region(): PoolRegion {
    this.open();
    const source: RegionSource = {
      allocate: (size, options) => this.allocate(size, options),
      deallocate: (address) => this.deallocate(address),
      zero: (address, bytes) => this.zero(address, bytes),
      epoch: () => this.epoch(),
    };
    return new PoolRegion(source);
  }

  override stats(): PoolStats {
    this.open();
    return { ...collectPoolStats(this.heap), hugeBytes: hugeBytesOf(this.heap) };
  }

  override check(): Violation[] {
    this.open();
    return checkHeap(this.heap, (heap, report) => new PoolChecks(heap, report));
  }

  /** `malloc`, `free`, `calloc`, `realloc` and `aligned_alloc` for WebAssembly modules on this memory. */
  asMalloc(): MallocImports {
    return mallocOver(this, this.heap.layout.objectBytes, (address, size) => this.moveSlot(address, size));
  }

  protected override open(): void {
    super.open();
    if (this.isResetting) this.finishReset();
    if (this.moves.isUnderWay) this.moves.finish();
  }

  // Large enough for V8 not to inline it, as the slabs' own slow halves are.
  protected override allocateSlow(size: number, options: AllocateOptions | undefined): Address {
    const { align, zeroed } = options === undefined ? plain : checkAllocateOptions(options);
    const index = this.indexFor(size);
    if (options === undefined && index !== 0) return super.allocateSlow(size);
    // The first class that serves and is a multiple of the alignment: slabs begin at chunks, so its slots are aligned.
    const { objectBytes } = this.heap.layout;
    let aligned = index;
    while (aligned > 0 && align > 8 && (objectBytes[aligned - 1] as number) % align !== 0)
      aligned = aligned < objectBytes.length ? aligned + 1 : 0;
    if (aligned > 0) {
      const address = this.allocate(objectBytes[aligned - 1] as number);
      if (zeroed) this.zero(address, size);
      return address;
    }
    this.open();
    if (!isSize(size) || size > this.large.mostBytes) throw this.invalidSize(size);
    const address = this.placeLarge(size, align, false);
    if (zeroed && !this.large.isZero) this.zero(address, size);
    return address;
  }

  protected override deallocateSlow(address: Address, size: number | undefined): void {
    this.open();
    let found = this.large.locate(address);
    if (found === undefined) return super.deallocateSlow(address, size);
    if (size !== undefined && (!isSize(size) || found.unitsFor(size) !== found.units)) {
      const bytes = found.units * found.unitBytes;
      throw new AllocatorError(
        "ERR_SIZE_MISMATCH",
        `the object at ${address} has ${bytes} bytes, given back were ${show(size)}`,
      );
    }
    this.slow.mend();
    for (let tries = 0; tries < ownerTries && found !== undefined; tries++) {
      if (this.large.free(found)) {
        this.slow.countFreed();
        return;
      }
      found = this.large.locate(address);
    }
    throw notLive(address, "it was freed meanwhile");
  }

  private finishReset(): void {
    resetHeap(this.heap, this.slow.slot, this.slow.slot);
    writeJournal(this.heap, this.slow.slot, journal.idle);
    this.openFastPath();
    this.isResetting = false;
  }

  private placeLarge(size: number, align: number, isDoomed: boolean): Address {
    this.slow.mend();
    const address = this.large.allocate(size, align, isDoomed);
    if (address !== nowhere) return address as Address;
    this.slow.cleanUp(false);
    this.large.search();
    const again = this.large.allocate(size, align, isDoomed);
    if (again === nowhere) throw this.noRoomFor(size);
    return again as Address;
  }

  private moveSlot(address: Address, size: number): Address {
    this.open();
    const located = locate(this.heap, this.slow.classes, address);
    return this.moves.move(this.u8, address, size, this.indexFor(size), located);
  }

  private zero(address: Address, bytes: number): void {
    clear(this.f64, address, bytes);
  }

  private epoch(): number {
    this.reopen();
    return this.slow.isOpen() ? (this.heap.words[header.resets] as number) >>> 0 : -1;
  }

  private invalidSize(size: unknown): AllocatorError {
    const most = this.large.mostBytes;
    return new AllocatorError("ERR_INVALID_SIZE", `sizes are integers, 1 to ${most}, got ${show(size)}`);
  }

  private noRoomFor(size: number): AllocatorError {
    const { capacity, bookBytes, spanBytes, liveBytes, large, sizeClasses } = collectPoolStats(this.heap);
    const cached = sizeClasses.reduce((bytes, entry) => bytes + entry.cached * entry.objectSize, 0);
    const rest = capacity - bookBytes - spanBytes;
    return new AllocatorError(
      "ERR_OUT_OF_MEMORY",
      `no ${size} bytes in a row can be had: of ${capacity} bytes, ${liveBytes} are live, ${cached} cached by workers, ` +
        `${large.freeBytes} free in spans of pages, ${rest} in no span (64 KiB chunks: ${rest / chunkBytes}), ${bookBytes} books`,
    );
  }
}
