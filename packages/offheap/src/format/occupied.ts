// Whether a heap is alive where another is to be made. Only in a memory that someone else made; what lies there is read,
// one word each 64 KiB, and may be anything: user data that looks like a header counts only when all of it fits.

import { AllocatorError } from "../base/index.ts";
import { chunkBytes, classesWord, header, type Layout } from "../layout/index.ts";
import { bufferOf, hardwareAccess, type MemorySource } from "../memory/index.ts";
import { magic, readLiveLayout } from "./header.ts";

const chunkWords = chunkBytes / 4;

/** @throws ERR_HEAP_BUSY when a heap is alive there, or reaches into the region, or begins in it */
export function assertVacant(source: MemorySource, offset: number, capacityBytes: number): void {
  const buffer = bufferOf(source);
  const end = offset + capacityBytes;
  const words = hardwareAccess.words(buffer, 0, end / 4);
  for (let at = 0; at < end; at += chunkBytes) {
    if (words[at / 4] !== magic) continue;
    const header = words.subarray(at / 4, at / 4 + chunkWords);
    const found = liveAt(header, buffer.byteLength - at);
    if (found !== undefined && at + found.capacityBytes > offset) throw occupied(at, found, offset, end);
  }
}

function liveAt(words: Int32Array, spaceBytes: number): Layout | undefined {
  return readLiveLayout(words, hardwareAccess.atomics.load(words, header.status), spaceBytes);
}

function occupied(at: number, { capacityBytes }: Layout, offset: number, end: number): AllocatorError {
  const place = at === offset ? "" : `, and a heap from ${offset} to ${end} would overlap it`;
  return new AllocatorError(
    "ERR_HEAP_BUSY",
    `a heap of ${capacityBytes} bytes is alive at offset ${at} of this memory${place}: attach() with its handle to join it, ` +
      "destroy() it to end it, " +
      `or, where nobody is left who could, fill its first ${classesWord * 4} bytes with zeros`,
  );
}
