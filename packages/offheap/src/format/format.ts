// How a heap is written into a memory, and opened by whoever attaches.

import { Spans } from "../arena/index.ts";
import { AllocatorError, type ChunkIndex } from "../base/index.ts";
import {
  chunkBytes,
  classByGranule,
  classByMalloc,
  header,
  type Layout,
  layoutVersion,
  maxWorkerPlaces,
} from "../layout/index.ts";
import {
  type Access,
  bufferOf,
  type Engine,
  Heap,
  hardwareAccess,
  heapStatus,
  type MemorySource,
  OwnPage,
} from "../memory/index.ts";
import { endedWord } from "../worker/index.ts";
import { checkHandle, incompatible } from "./handle.ts";
import { magic, readLayout, writeHeader } from "./header.ts";

/** Writes a new, empty heap. Whatever the memory held there is gone; one just reserved holds zeros. */
export function formatHeap(
  source: MemorySource,
  offset: number,
  layout: Layout,
  isFresh: boolean,
  access: Access = hardwareAccess,
  engine: Engine | "auto" = "auto",
): Heap {
  const heap = new Heap(source, offset, layout, access, engine);
  const { words } = heap;
  const ended = isFresh ? [] : endedWorkers(heap);
  heap.atomics.store(words, header.status, heapStatus.formatting);
  if (!isFresh) clearBooks(heap);
  ended.forEach((word, i) => {
    if (word !== 0n) heap.wide[layout.workersAt / 2 + i] = word;
  });
  writeHeader(heap);
  writeTables(heap);
  const spans = new Spans(heap);
  spans.freeAll();
  if (isFresh) spans.clean.add(0 as ChunkIndex, layout.chunkCount);
  heap.atomics.store(words, header.status, heapStatus.ready);
  return heap;
}

/**
 * The worker words of the heap that was here before, each of a place that is free. Incarnations go on, so that no
 * worker of the new heap has the id of an old one, which would then take itself for it.
 */
function endedWorkers({ words, wide }: Heap): bigint[] {
  const before = readLayout(words, Number.POSITIVE_INFINITY);
  if (typeof before === "string") return [];
  const at = before.workersAt / 2;
  return Array.from(wide.slice(at, at + maxWorkerPlaces + 1), endedWord);
}

/** The tables of requests, right before the state bytes (inspect/check-tables.ts looks at them). */
function writeTables({ bytes, source, offset, layout }: Heap): void {
  bytes.set(classByGranule(layout));
  if (layout.pageSpanChunks === 0) return;
  const at = offset + layout.statesAt - 2 * layout.tableBytes;
  new Uint8Array(bufferOf(source), at, layout.tableBytes).set(classByMalloc(layout));
}

/** Pages that are zero already are read, not written, so the OS need not commit them. */
function clearBooks(heap: Heap): void {
  const { words, states, layout } = heap;
  for (let i = 0; i < layout.statesAt / 4; i++) if (i !== header.status && words[i] !== 0) words[i] = 0;
  for (let i = 0; i < states.length; i++) if (states[i] !== 0) states[i] = 0;
}

/**
 * Opens the heap that a handle names.
 * @throws ERR_INCOMPATIBLE_HEAP for what is no handle, no heap, of another version, or damaged;
 *   ERR_HEAP_BUSY while it is being formatted; ERR_DETACHED when it was destroyed.
 */
export function openHeap(
  handle: unknown,
  access: Access = hardwareAccess,
  isPool = false,
  engine: Engine | "auto" = "auto",
): Heap {
  const { memory, offset } = checkHandle(handle);
  if (OwnPage.of(memory)?.isOpen() === false)
    throw new AllocatorError("ERR_DETACHED", "this process has closed the heap's file");
  const words = access.words(bufferOf(memory), offset, chunkBytes / 4);
  const status = access.atomics.load(words, header.status);
  const layout = readLayout(words, bufferOf(memory).byteLength - offset);
  // What it is comes before how it is: of a heap of another version the status is not known.
  const isOurs = words[header.magic] === magic && words[header.version] === layoutVersion;
  if (isOurs && status === heapStatus.formatting)
    throw new AllocatorError("ERR_HEAP_BUSY", "the heap is being formatted");
  if (isOurs && status === heapStatus.destroyed)
    throw new AllocatorError("ERR_DETACHED", "the heap was destroyed");
  if (typeof layout === "string") throw incompatible(layout);
  if (status !== heapStatus.ready) throw incompatible(`status ${status}`);
  if (layout.pageSpanChunks > 0 !== isPool)
    throw incompatible(isPool ? "it is no pool: use SlabAllocator" : "it is a pool: use MemoryPool");
  return new Heap(memory, offset, layout, access, engine);
}
