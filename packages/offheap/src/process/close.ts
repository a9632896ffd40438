// The end of a file for this process, and of its name for all.

import type { SlabAllocator } from "../allocator/index.ts";
import { AllocatorError, type ProcessCalls, show } from "../base/index.ts";
import { type Heap, isMemorySource, type MemorySource, type OwnPage } from "../memory/index.ts";
import { loadOs } from "../os/index.ts";
import type { MemoryPool } from "../pool/index.ts";
import { kitOf } from "../structure/index.ts";
import { othersOfProcess } from "../worker/index.ts";
import { assertHeapFile, assertUsable, headerWordsIn } from "./header.ts";
import { heapIn, ownPageOf } from "./heap-in.ts";
import { letGo } from "./mapping.ts";
import { callsOf, checkPath } from "./options.ts";
import { granted, refusalOf, refused } from "./refusals.ts";
import { type FileEnd, freeEntry } from "./table.ts";

/** What an opened heap is in. */
export interface HeapFile {
  readonly path: string;
  /**
   * How those who had it open before have left it: `"killed"` when one of them did not close it in order, `"crashed"` when the
   * machine went down with it. `"new"` when this call has made it, `"in use"` when others have it open.
   */
  readonly was: FileEnd;
}

const files = new WeakMap<object, HeapFile>();

export function noteFile(heap: object, file: HeapFile): void {
  files.set(heap, file);
}

/** The file of a heap that `openHeap` has returned. @throws ERR_INVALID_OPTION for another */
export function fileOf(heap: object): HeapFile {
  const file = files.get(heap);
  if (file !== undefined) return file;
  throw new AllocatorError("ERR_INVALID_OPTION", `fileOf takes a heap of openHeap, got ${show(heap)}`);
}

type Allocator = Pick<SlabAllocator, "workerId" | "detach">;

interface Closed {
  readonly memory: MemorySource;
  readonly page: OwnPage;
  /** The heap in the memory, if there is one that lives. */
  readonly heap: Heap | undefined;
  readonly calls: ProcessCalls;
  /** The allocator that ends with it. */
  readonly allocator: Allocator | undefined;
}

/** What is closed: a memory, or an allocator's. @throws ERR_INVALID_OPTION */
function closedBy(target: unknown): Closed {
  const allocator = isMemorySource(target) ? undefined : (target as Allocator);
  const kit = allocator === undefined ? undefined : kitOf(allocator);
  const memory = kit?.heap.source ?? (target as MemorySource);
  const page = ownPageOf(memory);
  const os = kit?.heap.os ?? loadOs();
  return { memory, page, heap: kit?.heap ?? heapIn(memory, os), calls: callsOf(os), allocator };
}

/**
 * Detaches an allocator, and closes its file for this process: its memory reads as zeros from then on, in all its threads.
 * Takes a memory of `openMemory`, too. Again: nothing.
 * @throws ERR_HEAP_BUSY while other workers of this process are attached; ERR_INVALID_OPTION for what shows no file
 */
export function closeHeap(target: SlabAllocator | MemoryPool | MemorySource): void {
  const others = closedButFor(target);
  if (others > 0)
    throw new AllocatorError(
      "ERR_HEAP_BUSY",
      `${others} other workers of this process are attached: they detach first, or are reaped`,
    );
}

/**
 * Detaches an allocator; if no other worker of this process is attached, the file is closed, too. Again: nothing.
 * @throws ERR_INVALID_OPTION for one that is in no file
 */
export function leaveHeap(allocator: SlabAllocator | MemoryPool): void {
  if (closedButFor(allocator) > 0) allocator.detach();
}

/** How many other workers of this process are attached: then nothing has changed. */
function closedButFor(target: unknown): number {
  const { memory, page, heap, calls, allocator } = closedBy(target);
  if (!page.turn("open", "closing")) return 0;
  // Who attaches from now on finds the page closing, and leaves.
  const others = heap?.isReady() === true ? othersOfProcess(heap, allocator?.workerId ?? 0) : 0;
  if (others > 0) {
    page.turn("closing", "open");
    return others;
  }
  allocator?.detach();
  freeEntry(headerWordsIn(memory), page.process);
  page.turn("closing", "closed");
  if (letGo(calls, memory)) calls.drop(page.descriptor);
  return 0;
}

/**
 * Takes a heap's file away; who has it open keeps it, and whoever opens the path next makes a new one. False: it is not there.
 * @throws ERR_INCOMPATIBLE_HEAP for a file that is no heap's; ERR_INVALID_OPTION; ERR_OS_UNAVAILABLE
 */
export function removeHeap(path: string): boolean {
  const checkedPath = checkPath(path);
  const calls = callsOf(loadOs());
  const descriptor = calls.open(checkedPath, false);
  if (refusalOf(descriptor)?.code === "ENOENT") return false;
  const open = granted(checkedPath, descriptor);
  try {
    const facts = granted(checkedPath, calls.facts(open));
    assertUsable(checkedPath, facts, calls.self.user);
    if (facts.bytes > 0) assertHeapFile(calls, checkedPath, open);
  } finally {
    calls.close(open);
  }
  const refusal = calls.remove(checkedPath);
  if (refusal !== undefined) throw refused(checkedPath, refusal);
  return true;
}
