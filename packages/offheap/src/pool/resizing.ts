// reallocate: whether an object stays where it is, and what kind of object it becomes where it moves.
//
//   up to 8 KiB    a slot
//   over 8 KiB     what becomes longer a page run, which the next time may grow where it is; what becomes shorter a slot
//                  of a wide class. Where the one cannot be had, the other

import type { SlowPath } from "../allocator/index.ts";
import type { Address } from "../base/index.ts";
import { type Large, type LocatedLarge, noSpaceFor } from "../large/index.ts";
import type { SizeClass } from "../layout/index.ts";
import type { Heap } from "../memory/index.ts";
import { nowhere } from "../pages/index.ts";
import { type Located, locate } from "../slab/index.ts";
import type { Moves } from "./moves.ts";
import { isSize } from "./options.ts";
import { isWide } from "./wide-classes.ts";

/** No class: a large object. */
const noClass = 0;

export class Resizing {
  private readonly heap: Heap;
  private readonly slow: SlowPath;
  private readonly large: Large;
  private readonly moves: Moves;
  private readonly indexFor: (size: number) => number;

  constructor(heap: Heap, slow: SlowPath, large: Large, moves: Moves, indexFor: (size: number) => number) {
    this.heap = heap;
    this.slow = slow;
    this.large = large;
    this.moves = moves;
    this.indexFor = indexFor;
  }

  /**
   * Makes an object `want` bytes long; where it has `least` and no other place can be had, it stays.
   * @throws ERR_INVALID_ADDRESS, ERR_DOUBLE_FREE, ERR_OUT_OF_MEMORY
   */
  resize(u8: Uint8Array, address: Address, want: number, least: number): Address {
    const found = this.large.locate(address);
    if (found !== undefined) return this.resizeLarge(u8, address, want, least, found);
    const located = locate(this.heap, this.slow.classes, address);
    if (this.indexFor(want) === located.sizeClass.index) return address;
    const { objectBytes } = located.sizeClass;
    const moved = this.move(u8, address, want, located, objectBytes);
    if (moved !== nowhere) return moved as Address;
    if (least <= objectBytes) return address;
    throw noSpaceFor(this.heap, this.classFor(want), want, 1);
  }

  /** The same, as far as one call of the core serves it; 0 where a closer look is to be had, and the object is as it was. */
  resizeInCore(address: unknown, want: unknown): number {
    if (typeof address !== "number" || address >>> 0 !== address) return 0;
    return isSize(want) && want <= this.large.mostBytes ? this.moves.moveInCore(address, want) : 0;
  }

  private resizeLarge(
    u8: Uint8Array,
    address: Address,
    want: number,
    least: number,
    found: LocatedLarge,
  ): Address {
    const units = found.unitsFor(want);
    if (units === found.units) return address;
    this.slow.repair();
    const isSlot = this.indexFor(want) !== noClass && !this.isWide(want);
    const staysKind = !isSlot && this.large.isRun(want, 1) === found.isRun;
    if (staysKind && this.large.resize(found, units)) return address;
    const moved = this.move(u8, address, want, found, found.units * found.unitBytes);
    return moved === nowhere ? this.shrink(u8, address, want, least) : (moved as Address);
  }

  /** Cuts a large object that could not move. What a span lets go may hold the smaller place that was wanted. */
  private shrink(u8: Uint8Array, address: Address, want: number, least: number): Address {
    const found = this.large.locate(address);
    if (found === undefined || least > found.units * found.unitBytes)
      throw noSpaceFor(this.heap, this.classFor(want), want, 1);
    const units = found.unitsFor(least);
    if (units === found.units || !this.large.resize(found, units) || found.isRun) return address;
    const cut = this.large.locate(address);
    if (cut === undefined) return address;
    const moved = this.move(u8, address, want, cut, cut.units * cut.unitBytes);
    return moved === nowhere ? address : (moved as Address);
  }

  /** Where the object of `bytes` bytes is then, or `nowhere`: it is where it was. */
  private move(
    u8: Uint8Array,
    address: Address,
    want: number,
    from: Located | LocatedLarge,
    bytes: number,
  ): number {
    const index = this.indexFor(want);
    if (!this.isWide(want)) return this.moves.move(u8, address, want, index, from);
    const isGrowing = want > bytes;
    const moved = this.moves.move(u8, address, want, isGrowing ? noClass : index, from);
    return moved === nowhere ? this.moves.move(u8, address, want, isGrowing ? index : noClass, from) : moved;
  }

  private isWide(size: number): boolean {
    return isWide(this.heap.layout, this.indexFor(size));
  }

  private classFor(size: number): SizeClass {
    return this.slow.classes[this.indexFor(size)] as SizeClass;
  }
}
