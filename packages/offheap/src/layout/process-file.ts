// Where several processes have what beside their heap. Each maps the file over all of its memory but the first page:
//
//   memory = own page | header | heap          own page: 64 KiB of this process alone, for its threads
//   file   =            header | heap          header: what the file is, and a table of the processes
//
// Each process holds the lock of one byte of the file, by its number. Byte 0 is for whoever formats the heap.

import { placeNumbers } from "./layout.ts";

const pageBytes = 65_536;

/** Byte offsets in the memory. */
export const fileHeaderAt = pageBytes;
export const sharedHeapAt = 2 * pageBytes;

/** The own page, in words: two that no other memory begins with, the process's number, the descriptor of the file. */
export const ownPage = { mark: 0, secondMark: 1, process: 2, descriptor: 3, status: 4 } as const;
export const ownPageMarks = [0x7061_6568, 0x6f72_702d] as const;
export const ownStatus = { open: 1, closing: 2, closed: 3 } as const;

/** The header of the file, in words. The status is stored last. */
export const fileHeader = {
  mark: 0,
  version: 1,
  byteOrder: 2,
  status: 3,
  /** Chunks of the heap. */
  chunks: 4,
  kind: 5,
  layout: 6,
  /** Of the machine's start when it was opened last. */
  boot: 7,
  /** Not 0: what a dead process had allocated is freed, as `reap` does with `live`. */
  live: 8,
} as const;
export const fileMark = 0x4650_464f;
export const fileVersion = 1;
export const byteOrderMark = 0x0102_0304;
export const fileStatus = { formatting: 1, ready: 2 } as const;
export const fileHeaderWords = 16;

/** The table, in words of the header: an entry a process. `since` is milliseconds in two words. */
const tableWord = 256;
const wordsPerEntry = 16;
export const processEntry = { status: 0, pid: 1, started: 2, namespace: 3, since: 4 } as const;
export const entryStatus = { free: 0, open: 1 } as const;
export const processCount = placeNumbers - 2;
export const formatLock = 0;

export function processEntryAt(process: number): number {
  return tableWord + process * wordsPerEntry;
}
