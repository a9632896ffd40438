// From options to a formatted heap.

import { type Access, isMemorySource, reserveMemory } from "../memory/block.ts";
import type { Heap } from "../memory/heap.ts";
import { checkedLayout, formatHeap } from "./format.ts";
import { type HeapOptions, resolveOptions, type TinyGeometry } from "./options.ts";

/** The one back door, for tests: how memory is reached, geometries too small for use, an opened heap. */
export interface Internals {
  readonly access?: Access;
  readonly tiny?: TinyGeometry;
  readonly heap?: Heap;
}

/** Checks the options first, then whether books and a chunk fit, and only then reserves and writes. */
export function createHeap(options: HeapOptions, internals: Internals): Heap {
  const { memory, offset, config } = resolveOptions(options, internals.tiny);
  const layout = checkedLayout(config);
  if (isMemorySource(memory)) return formatHeap(memory, offset, layout, false, internals.access);
  return formatHeap(reserveMemory(memory, layout.capacityBytes), 0, layout, true, internals.access);
}
