// openHeap: one heap for all processes that open its file. Whoever is first makes it.

import { SlabAllocator } from "../allocator/index.ts";
import { AllocatorError, type Os, show } from "../base/index.ts";
import { formatHeap, type HeapOptions, joinHeap, resolveOptions } from "../format/index.ts";
import { chunkBytes, type Layout, sharedHeapAt } from "../layout/index.ts";
import type { MemorySource } from "../memory/index.ts";
import { MemoryPool } from "../pool/index.ts";
import { closeHeap, noteFile } from "./close.ts";
import type { FileHeader } from "./header.ts";
import { handleIn } from "./heap-in.ts";
import type { Making } from "./make.ts";
import { type OpenedFile, openFile } from "./open-file.ts";
import { type CheckedHeapOptions, checkOpenHeap, type OpenHeapOptions } from "./options.ts";
import { noHeapFile } from "./refusals.ts";

/**
 * Opens the heap in a file, for this process: its threads join by the heap's `handle`. Without the file it is made, of
 * `capacity` bytes, which are set aside at once; by one process, however many open it.
 * @throws ERR_INVALID_OPTION for a path that can be no heap's, and without `capacity` for one that leads nowhere;
 *   ERR_INCOMPATIBLE_HEAP for a file of something else, of other options, cut short or damaged; ERR_OUT_OF_MEMORY for want of
 *   space; ERR_HEAP_BUSY when this process has it open, or another makes it for longer than `timeout`; ERR_TOO_MANY_WORKERS;
 *   ERR_DETACHED when the heap was destroyed; ERR_OS_UNAVAILABLE; with `check` ERR_CORRUPT_HEAP
 */
export function openHeap(path: string, options: OpenHeapOptions & { readonly kind: "slab" }): SlabAllocator;
export function openHeap(path: string, options?: OpenHeapOptions & { readonly kind?: "pool" }): MemoryPool;
export function openHeap(path: string, options: OpenHeapOptions): SlabAllocator | MemoryPool;
export function openHeap(path: string, options: OpenHeapOptions = {}): SlabAllocator | MemoryPool {
  const plan = checkOpenHeap(path, options);
  const { os, isPool, engine } = plan;
  const joining = { os, ...(engine === undefined ? {} : { engine }) };
  const wanted = {
    making: makingOf(plan),
    expect: (header: FileHeader) => expectHeader(plan, header),
    heapIn: (memory: MemorySource) => {
      const heap = joinHeap(handleIn(memory), joining, isPool);
      assertFits(plan, heap.layout);
      return heap;
    },
  };
  const file = openFile(plan, wanted);
  return checked(plan, file, attach(plan, file, joining));
}

/** What is made of a file that is not there; undefined when no capacity was given. @throws ERR_INVALID_OPTION */
function makingOf({ heap, isPool, engine = "auto", live = false }: CheckedHeapOptions): Making | undefined {
  const { layout } = resolveOptions({ ...heap, engine }, {}, isPool);
  if (heap.capacity === undefined) return undefined;
  return {
    bytes: layout.capacityBytes,
    kind: isPool ? "pool" : "slab",
    live,
    format: (memory) => {
      formatHeap(memory, sharedHeapAt, layout, true, undefined, engine);
    },
  };
}

/** @throws ERR_INCOMPATIBLE_HEAP */
function expectHeader({ path, isPool, heap, ...plan }: CheckedHeapOptions, header: FileHeader): void {
  const { kind, bytes } = header;
  const wanted = isPool ? "pool" : "slab";
  if (kind !== wanted) throw noHeapFile(path, `its kind is ${show(kind)}, and ${show(wanted)} is asked for`);
  const { capacity = bytes } = heap;
  if (bytes !== capacity - (capacity % chunkBytes)) throw differs(path, "capacity", bytes, capacity);
  const { live = header.live } = plan;
  if (live !== header.live) throw differs(path, "live", header.live, live);
}

/** Whether the options that were given are those of the heap. @throws ERR_INCOMPATIBLE_HEAP, ERR_INVALID_OPTION */
function assertFits({ path, isPool, heap }: CheckedHeapOptions, found: Layout): void {
  const { layout } = resolveOptions({ ...heap, capacity: found.capacityBytes }, {}, isPool);
  const compared = {
    sizeClasses: [found.objectBytes.join(" "), layout.objectBytes.join(" ")],
    maxWorkers: [found.maxWorkers, layout.maxWorkers],
    cleanupInterval: [found.cleanupInterval, layout.cleanupInterval],
  } as const;
  for (const name of ["sizeClasses", "maxWorkers", "cleanupInterval"] as const) {
    const [has, wanted] = compared[name];
    if (heap[name] !== undefined && has !== wanted) throw differs(path, name, has, wanted);
  }
}

function differs(path: string, name: string, has: unknown, wanted: unknown): AllocatorError {
  return noHeapFile(path, `its ${name} is ${show(has)}, and ${show(wanted)} is asked for`);
}

function attach(
  { path, isPool }: CheckedHeapOptions,
  { memory, was, heap: found }: OpenedFile,
  joining: { readonly os: Os; readonly engine?: NonNullable<HeapOptions["engine"]> },
): SlabAllocator | MemoryPool {
  const handle = handleIn(memory);
  try {
    // The one that was looked at: another instance of the core would take 1 to 2 ms.
    const heap = (isPool ? MemoryPool : SlabAllocator).attach(handle, joining, found);
    noteFile(heap, { path, was });
    return heap;
  } catch (error) {
    closeHeap(memory);
    throw error;
  }
}

/** @throws ERR_CORRUPT_HEAP */
function checked<T extends SlabAllocator | MemoryPool>(
  { check, path }: CheckedHeapOptions,
  { was }: OpenedFile,
  heap: T,
): T {
  const [violation, ...more] = check && was !== "in use" ? heap.check() : [];
  if (violation === undefined) return heap;
  closeHeap(heap);
  const why = `${violation.message}${more.length > 0 ? `, and ${more.length} more` : ""}`;
  throw new AllocatorError("ERR_CORRUPT_HEAP", `the heap in ${show(path)}: ${why}`);
}
