// What of the heap is in memory just now, by what it serves: asked of the OS, chunk by chunk. O(heap).

import { claimFree, forEachSpan, isKept, isPages, isSlab, lengthOf, tag, tagOf } from "../arena/index.ts";
import { AllocatorError } from "../base/index.ts";
import { chunkBytes } from "../layout/index.ts";
import { bufferOf, type Heap } from "../memory/index.ts";

/** Bytes in memory. Pages that were only read count, too. */
export interface Residency {
  /** Of the whole heap. */
  total: number;
  books: number;
  slabs: number;
  /** Of a pool: large objects, what workers keep for their next ones, and the spans that page runs share. */
  large: number;
  /** Chunks in no span: what `cleanup({ all: true })` would give back. */
  free: number;
  /** Spans that are neither: being built, or given back. */
  other: number;
}

type Kind = "slabs" | "large" | "free" | "other";

/** @throws ERR_OS_UNAVAILABLE without an `os` that can tell */
export function residencyOf(heap: Heap): Residency {
  const { os, source, offset, dataAt, layout } = heap;
  if (os === undefined)
    throw new AllocatorError(
      "ERR_OS_UNAVAILABLE",
      "residency needs the operating system: pass os from loadOs()",
    );
  if (!os.residency.available)
    throw new AllocatorError("ERR_OS_UNAVAILABLE", `no residency: ${os.residency.reason}`);
  const buffer = bufferOf(source);
  const measure = (at: number, bytes: number): number => {
    const resident = os.residentBytes(buffer, at, bytes);
    if (resident < 0)
      throw new AllocatorError("ERR_OS_UNAVAILABLE", `residency was refused: ${os.residency.reason}`);
    return resident;
  };
  const found: Residency = {
    total: 0,
    books: measure(offset, layout.bookBytes),
    slabs: 0,
    large: 0,
    free: 0,
    other: 0,
  };
  forEachSpan(heap, (chunk) => {
    const { kind, end } = stretchAt(heap, chunk);
    found[kind] += measure(dataAt + chunk * chunkBytes, (end - chunk) * chunkBytes);
    return end - chunk;
  });
  found.total = found.books + found.slabs + found.large + found.free + found.other;
  return found;
}

/** The chunks from one on that serve the same. */
function stretchAt(heap: Heap, chunk: number): { kind: Kind; end: number } {
  const { kind, length } = spanAt(heap, chunk);
  let end = chunk + length;
  while (end < heap.layout.chunkCount) {
    const next = spanAt(heap, end);
    if (next.kind !== kind) break;
    end += next.length;
  }
  return { kind, end: Math.min(end, heap.layout.chunkCount) };
}

function spanAt(heap: Heap, chunk: number): { kind: Kind; length: number } {
  const claim = heap.words[heap.layout.claimsAt + chunk] as number;
  if (claim === claimFree) return { kind: "free", length: 1 };
  if (isPages(claim) || isKept(claim) || tagOf(claim) === tag.large)
    return { kind: "large", length: lengthOf(claim) };
  return isSlab(claim) ? { kind: "slabs", length: lengthOf(claim) } : { kind: "other", length: 1 };
}
