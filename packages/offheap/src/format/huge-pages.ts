// Huge pages: the data is advised before the heap is formatted, and begins where a huge page does, so that 32
// chunks, which are one word of the set of free chunks, are one huge page. Then a span of at most 32 chunks that
// lies within a word lies within a huge page (Spans prefers that). The books keep small pages: state bytes are
// sparse, and huge pages for them took an eighth of the data more and no measurable time less.

import { chunksPerHugePage } from "../../core/layout/index.ts";
import { AllocatorError, type Os } from "../base/index.ts";
import { chunkBytes, computeLayout, type Layout } from "../layout/index.ts";
import { bufferOf, type Heap, type MemorySource } from "../memory/index.ts";

const hugePageBytes = chunksPerHugePage * chunkBytes;
/** What a small heap would lose in chunks that are left out is more than alignment gains. */
const leastBytesToAlign = 64 * 2 ** 20;
/** Each chunk left out takes one from the data, or now and then from the books: more than the chunks of a huge page. */
export const mostHugePad = 2 * chunksPerHugePage;

/**
 * The layout for huge pages, which the OS has granted.
 * @throws ERR_OS_UNAVAILABLE when it refuses; nothing has been written then
 */
export function adviseHugePages(os: Os, source: MemorySource, offset: number, layout: Layout): Layout {
  const buffer = bufferOf(source);
  const placed = alignedLayout(os, buffer, offset, { ...layout, hugePad: 1 });
  const dataBytes = placed.chunkCount * chunkBytes;
  if (!os.adviseHuge(buffer, offset + placed.bookBytes, dataBytes))
    throw new AllocatorError("ERR_OS_UNAVAILABLE", `huge pages were refused: ${os.hugePages.reason}`);
  return placed;
}

function alignedLayout(os: Os, buffer: ArrayBufferLike, offset: number, plain: Layout): Layout {
  // Where huge pages are larger or smaller, none is a word of the set, and chunks left out gain nothing.
  if (plain.capacityBytes < leastBytesToAlign || os.hugePageBytes !== hugePageBytes)
    return computeLayout(plain);
  for (let pad = 0; pad < mostHugePad; pad++) {
    const placed = computeLayout({ ...plain, hugePad: 1 + pad });
    const begins = os.addressOf(buffer) + BigInt(offset + placed.bookBytes);
    // A SharedArrayBuffer lies a few bytes past a page: as near as chunks can come is near enough.
    if (Number(begins % BigInt(hugePageBytes)) < chunkBytes) return placed;
  }
  return computeLayout(plain);
}

/** Bytes of the heap that huge pages back; 0 where nobody asked for them, or this worker cannot tell. */
export function hugeBytesOf({ os, source, dataAt, layout }: Heap): number {
  if (os === undefined || layout.hugePad === 0) return 0;
  return Math.max(os.hugeBytes(bufferOf(source), dataAt, layout.chunkCount * chunkBytes), 0);
}
