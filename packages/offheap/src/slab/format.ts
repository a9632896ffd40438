// The header: how a heap is written into a memory, and recognised by whoever attaches.

import { Spans } from "../arena/spans.ts";
import type { ChunkIndex } from "../base/brands.ts";
import { AllocatorError, show } from "../base/errors.ts";
import { type Access, bufferOf, hardwareAccess, isMemorySource, type MemorySource } from "../memory/block.ts";
import { Heap, heapStatus } from "../memory/heap.ts";
import {
  chunkBytes,
  headerWords as classesAt,
  computeLayout,
  type HeapConfig,
  header,
  type Layout,
  layoutVersion,
  maxClassCount,
  maxObjectBytes,
  maxSlotsPerSlab,
  maxWorkerSlots,
} from "../memory/layout.ts";

/** "OFHP", little-endian. */
const magic = 0x5048464f;

/** Posted to a worker, which attaches with it. Structured-cloneable. */
export interface HeapHandle {
  readonly kind: "offheap";
  readonly version: number;
  readonly memory: MemorySource;
  /** Byte offset of the heap in the memory. */
  readonly offset: number;
}

/** The configuration as words, in the order of the header. */
function configWords(config: HeapConfig): number[] {
  return [
    config.capacityBytes / chunkBytes,
    config.objectBytes.length,
    config.maxWorkers,
    config.cleanupInterval,
    config.slabChunks,
    config.slotsPerSlab,
    config.hugePad,
    config.pageSpanChunks,
  ];
}

/** FNV-1a over the words of the configuration and of the classes. */
function checksumOf(config: HeapConfig): number {
  let hash = 0x811c9dc5;
  for (const word of [...configWords(config), ...config.objectBytes, ...config.roundCounts]) {
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((word >>> shift) & 255), 0x01000193);
  }
  return hash | 0;
}

/** @throws ERR_INVALID_OPTION when not even one chunk is left beside the books. */
export function checkedLayout(config: HeapConfig): Layout {
  const layout = computeLayout(config);
  if (layout.chunkCount < 1) {
    const least = layout.bookBytes + chunkBytes;
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `capacity ${config.capacityBytes} is too small: with these options the books and one chunk take ${least} bytes`,
    );
  }
  return layout;
}

/** Writes a new, empty heap. Whatever the memory held there is gone; one just reserved holds zeros. */
export function formatHeap(
  source: MemorySource,
  offset: number,
  layout: Layout,
  isFresh: boolean,
  access: Access = hardwareAccess,
): Heap {
  const heap = new Heap(source, offset, layout, access);
  const { words } = heap;
  heap.atomics.store(words, header.status, heapStatus.formatting);
  if (!isFresh) clearBooks(heap);
  words[header.magic] = magic;
  words[header.version] = layoutVersion;
  words[header.checksum] = checksumOf(layout);
  configWords(layout).forEach((word, i) => {
    words[header.config + i] = word;
  });
  for (let i = 0; i < layout.objectBytes.length; i++) {
    words[layout.classesAt + 2 * i] = layout.objectBytes[i] as number;
    words[layout.classesAt + 2 * i + 1] = layout.roundCounts[i] as number;
  }
  const spans = new Spans(heap);
  spans.freeAll();
  if (isFresh) spans.clean.add(0 as ChunkIndex, layout.chunkCount);
  heap.atomics.store(words, header.status, heapStatus.ready);
  return heap;
}

/** Pages that are zero already are read, not written, so the OS need not commit them. */
function clearBooks(heap: Heap): void {
  const { words, states } = heap;
  for (let i = 0; i < words.length; i++) if (i !== header.status && words[i] !== 0) words[i] = 0;
  for (let i = 0; i < states.length; i++) if (states[i] !== 0) states[i] = 0;
}

/**
 * Opens the heap that a handle names.
 * @throws ERR_INCOMPATIBLE_HEAP for what is no handle, no heap, of another version, or damaged;
 *   ERR_HEAP_BUSY while it is being formatted; ERR_DETACHED when it was destroyed.
 */
export function openHeap(handle: unknown, access: Access = hardwareAccess, isPool = false): Heap {
  const { memory, offset } = checkHandle(handle);
  const words = access.words(bufferOf(memory), offset, chunkBytes / 4);
  const status = access.atomics.load(words, header.status);
  if (words[header.magic] !== magic) throw incompatible("there is no heap at the handle's offset");
  if (words[header.version] !== layoutVersion) {
    throw incompatible(`the heap has layout version ${words[header.version]}, this library ${layoutVersion}`);
  }
  if (status === heapStatus.formatting)
    throw new AllocatorError("ERR_HEAP_BUSY", "the heap is being formatted");
  if (status === heapStatus.destroyed) throw new AllocatorError("ERR_DETACHED", "the heap was destroyed");
  if (status !== heapStatus.ready) throw incompatible(`status ${status}`);
  const config = readConfig(words);
  if (offset + config.capacityBytes > bufferOf(memory).byteLength) {
    throw incompatible(`a heap of ${config.capacityBytes} bytes does not fit the memory`);
  }
  if (config.pageSpanChunks > 0 !== isPool) {
    throw incompatible(isPool ? "it is no pool: use SlabAllocator" : "it is a pool: use MemoryPool");
  }
  const layout = computeLayout(config);
  if (layout.chunkCount < 1) throw incompatible("its configuration leaves no chunk");
  return new Heap(memory, offset, layout, access);
}

function incompatible(why: string): AllocatorError {
  return new AllocatorError("ERR_INCOMPATIBLE_HEAP", `not a heap this library can attach to: ${why}`);
}

function checkHandle(handle: unknown): { memory: MemorySource; offset: number } {
  if (typeof handle !== "object" || handle === null) throw incompatible(`the handle is ${show(handle)}`);
  const { kind, version, memory, offset } = handle as { readonly [K in keyof HeapHandle]: unknown };
  if (kind !== "offheap") throw incompatible(`the handle's kind is ${show(kind)}`);
  if (version !== layoutVersion) throw incompatible(`the handle is of layout version ${show(version)}`);
  if (!isMemorySource(memory)) throw incompatible("the handle has no memory");
  const valid =
    typeof offset === "number" && Number.isInteger(offset) && offset >= 0 && offset % chunkBytes === 0;
  if (!valid || offset + chunkBytes > bufferOf(memory).byteLength) {
    throw incompatible(`the handle's offset is ${show(offset)}`);
  }
  return { memory, offset };
}

/** Reads the configuration and believes it only when every number is in range and the checksum fits. */
function readConfig(words: Int32Array): HeapConfig {
  const at = (i: number) => words[header.config + i] as number;
  const [chunks, classCount, maxWorkers, cleanupInterval] = [at(0), at(1), at(2), at(3)];
  const [slabChunks, slotsPerSlab, hugePad, pageSpanChunks] = [at(4), at(5), at(6), at(7)];
  inRange("capacity", chunks, 2, 65_536);
  inRange("class count", classCount, 1, maxClassCount);
  inRange("worker count", maxWorkers, 1, maxWorkerSlots);
  inRange("clean-up interval", cleanupInterval, 0, 2 ** 31 - 1);
  inRange("slab length", slabChunks, 1, 16);
  inRange("slots of a slab", slotsPerSlab, 1, maxSlotsPerSlab);
  inRange("huge page alignment", hugePad, 0, 64);
  inRange("length of page spans", pageSpanChunks, 0, 16);
  const objectBytes: number[] = [];
  const roundCounts: number[] = [];
  for (let i = 0; i < classCount; i++) {
    // Classes begin at the same word whatever the configuration.
    const bytes = words[classesAt + 2 * i] as number;
    inRange("object size", bytes, (objectBytes[i - 1] ?? 0) + 8, maxObjectBytes);
    if (bytes % 8 !== 0) throw incompatible(`object size ${bytes}`);
    objectBytes.push(bytes);
    roundCounts.push(inRange("rounds", words[classesAt + 2 * i + 1] as number, 1, 1024));
  }
  const capacityBytes = chunks * chunkBytes;
  const config = {
    capacityBytes,
    objectBytes,
    roundCounts,
    maxWorkers,
    cleanupInterval,
    slabChunks,
    slotsPerSlab,
    hugePad,
    pageSpanChunks,
  };
  if (checksumOf(config) !== words[header.checksum]) throw incompatible("its header is damaged");
  return config;
}

function inRange(what: string, value: number, low: number, high: number): number {
  if (value < low || value > high) throw incompatible(`its ${what} is ${value}`);
  return value;
}
