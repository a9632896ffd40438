// The size classes of one worker: every constant that allocate and deallocate need, in one object a class.
// Computed from the layout, private to the worker, never shared.

import { mallocAlign } from "../../core/layout/index.ts";
import { type ClassIndex, oddInverse, trailingZeros, type WorkerPlace } from "../base/index.ts";
import { granuleShift, type Layout, maxClassCount, maxObjectBytes } from "./layout.ts";
import { counterAt, emptyIndex, gaugesAt, magazineAt } from "./offsets.ts";

export class SizeClass {
  /** From 1; 0 is the class of no slab. */
  readonly index: ClassIndex;
  readonly worker: WorkerPlace;
  readonly objectBytes: number;
  /** Slots of this worker's magazine. */
  readonly roundLimit: number;
  /** The gauge's index while this worker's magazine is empty. */
  readonly emptyIndex: number;
  /** Word offsets of this worker's gauge, counters, and lowest round. */
  readonly gaugeAt: number;
  readonly countersAt: number;
  readonly magazineAt: number;
  /**
   * objectBytes = odd × 2^shift. The slot of a byte offset is rotateRight(offset × inverse, shift): exact for
   * a multiple of objectBytes, and above every slot number for any other offset, so that one multiplication
   * divides and checks (Warren, Hacker's Delight, section 10-17).
   */
  readonly inverse: number;
  readonly shift: number;

  constructor(layout: Layout, worker: WorkerPlace, index: ClassIndex) {
    // Class 0 has the shape of the others, so that the code which reads it stays monomorphic.
    const model = Math.max(index, 1) as ClassIndex;
    const objectBytes = index === 0 ? 0 : (layout.objectBytes[index - 1] as number);
    this.index = index;
    this.worker = worker;
    this.objectBytes = objectBytes;
    this.roundLimit = index === 0 ? 0 : (layout.roundLimits[index - 1] as number);
    this.emptyIndex = index === 0 ? 0 : emptyIndex(layout, index);
    this.gaugeAt = gaugesAt(layout, worker) + index;
    this.countersAt = counterAt(layout, worker, model);
    this.magazineAt = magazineAt(layout, worker, model);
    this.shift = index === 0 ? 0 : trailingZeros(objectBytes);
    this.inverse = index === 0 ? 0 : oddInverse(objectBytes >>> this.shift);
  }
}

/** For each request in granules of 8 bytes, the index of its class. Entry 0 is unused. */
export function classByGranule(layout: Layout): Uint8Array {
  const largest = layout.objectBytes[layout.objectBytes.length - 1] as number;
  const table = new Uint8Array((Math.min(largest, maxObjectBytes) >>> granuleShift) + 1);
  let index = 0;
  for (let granules = 1; granules < table.length; granules++) {
    while ((layout.objectBytes[index] as number) < granules << granuleShift) index++;
    table[granules] = index + 1;
  }
  return table;
}

/** Malloc aligns to 16 bytes what is longer than 8, which classes that are no multiple of 16 do not. */
export { mallocAlign };

/** For each request of malloc in granules, the index of its class; 0: no class of the list is aligned for it. */
export function classByMalloc(layout: Layout): Uint8Array {
  return classByGranule(layout).map((_, granules) => {
    const bytes = Math.max(granules, 1) << granuleShift;
    const align = bytes <= mallocAlign / 2 ? mallocAlign / 2 : mallocAlign;
    return layout.objectBytes.findIndex((each) => each >= bytes && each % align === 0) + 1;
  });
}

/**
 * The classes of one worker by index. Entry 0 stands for "no slab" and has no slots; so do those beyond the
 * last class, so that whatever stands in a damaged map finds an entry.
 */
export function sizeClassesOf(layout: Layout, worker: WorkerPlace): readonly SizeClass[] {
  const table: SizeClass[] = [];
  for (let index = 0; index <= maxClassCount; index++) {
    const known = index <= layout.objectBytes.length;
    table.push(
      index > 0 && !known ? (table[0] as SizeClass) : new SizeClass(layout, worker, index as ClassIndex),
    );
  }
  return table;
}
