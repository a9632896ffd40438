// PoolRegion: objects that end together. They lie one behind the other in objects of the pool, so that each costs
// an addition, and ending them costs one free for each of those, whose sizes double.

import { type Address, AllocatorError, alignUp, dispose, type EndsWithScope, show } from "../base/index.ts";
import { nowhere } from "../pages/index.ts";
import { type AllocateOptions, checkAllocateOptions, isSize } from "./options.ts";

/** What a region needs of its pool. */
export interface RegionSource {
  allocate(size: number, options?: AllocateOptions): Address;
  /** `nowhere` in place of ERR_OUT_OF_MEMORY. */
  tryAllocate(size: number): number;
  deallocate(address: Address): void;
  zero(address: Address, bytes: number): void;
  /** Changes when all objects of before are gone; −1 when this worker can allocate no more. */
  epoch(): number;
}

const firstBytes = 4096;
const mostBytes = 262_144;
/** Objects above this part of the next stretch get one of their own, so that little is left over at its end. */
const ownPart = 4;
/** No object begins where one of the pool does, so that a wrong `deallocate` of it is told. */
const headBytes = 8;

export class PoolRegion implements EndsWithScope {
  private readonly pool: RegionSource;
  private readonly epoch: number;
  /** The pool's objects that hold the region's. */
  private readonly held: Address[] = [];
  private next = 0;
  private limit = 0;
  private bytes = firstBytes;
  private isEnded = false;

  constructor(pool: RegionSource) {
    this.pool = pool;
    this.epoch = pool.epoch();
  }

  /**
   * A new object of `size` bytes that ends with the region, and not before.
   * @returns its byte offset in the memory
   * @throws ERR_INVALID_SIZE, ERR_INVALID_ALIGNMENT, ERR_OUT_OF_MEMORY; ERR_DETACHED after the region's end, or
   *   the pool's, or a reset
   */
  allocate(size: number, options: AllocateOptions = {}): Address {
    const { align, zeroed } = checkAllocateOptions(options);
    if (this.isEnded || this.pool.epoch() !== this.epoch)
      throw new AllocatorError("ERR_DETACHED", "the region has ended");
    if (!isSize(size))
      throw new AllocatorError("ERR_INVALID_SIZE", `sizes are positive integers, got ${show(size)}`);
    const address = this.place(size, Math.max(align, headBytes));
    if (zeroed) this.pool.zero(address, size);
    return address;
  }

  /**
   * Ends all its objects. Again: nothing. When this worker has detached they stay, as all its objects do.
   * @throws ERR_DOUBLE_FREE, ERR_INVALID_ADDRESS where an illegal call has freed one of them
   */
  end(): void {
    this.isEnded = true;
    if (this.pool.epoch() !== this.epoch) this.held.length = 0;
    // One by one off the list, so that an end which an exception cut short can be called again.
    for (let address = this.held.at(-1); address !== undefined; address = this.held.at(-1)) {
      this.pool.deallocate(address);
      this.held.pop();
    }
  }

  [dispose](): void {
    this.end();
  }

  private place(size: number, align: number): Address {
    const at = alignUp(this.next, align);
    if (at + size <= this.limit) {
      this.next = at + size;
      return at as Address;
    }
    if (size + align > this.bytes / ownPart) return this.placeAlone(size, align);
    if (this.openStretch()) return this.place(size, align);
    // A small object is not refused because a stretch is: then short ones do, or it is by itself.
    if (this.bytes === firstBytes) return this.placeAlone(size, align);
    this.bytes = firstBytes;
    return this.place(size, align);
  }

  private placeAlone(size: number, align: number): Address {
    return (this.hold(size + align, align) + align) as Address;
  }

  /** False when the pool has no memory for one. */
  private openStretch(): boolean {
    const start = this.pool.tryAllocate(this.bytes);
    if (start === nowhere) return false;
    this.held.push(start as Address);
    this.next = start + headBytes;
    this.limit = start + this.bytes;
    this.bytes = Math.min(this.bytes * 2, mostBytes);
    return true;
  }

  private hold(bytes: number, align: number): Address {
    const address = this.pool.allocate(bytes, { align });
    this.held.push(address);
    return address;
  }
}
