/** What the kernel says of this process's memory. Zeros where there is no /proc. */
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";

export const PAGE_BYTES = 4096;
const PRESENT = 0x80; // bit 63 of a pagemap entry
const ENTRY_BYTES = 8;

export interface Mapping {
  readonly start: number;
  readonly bytes: number;
  readonly residentBytes: number;
}

export function residentBytes(): number {
  if (!existsSync("/proc/self/statm")) return process.memoryUsage.rss();
  return Number(readFileSync("/proc/self/statm", "latin1").split(" ")[1]) * PAGE_BYTES;
}

/** Writable mappings of at least so many bytes: heaps that were reserved in one piece. */
export function largeMappings(leastBytes: number): Mapping[] {
  if (!existsSync("/proc/self/smaps")) return [];
  const found: Mapping[] = [];
  const text = readFileSync("/proc/self/smaps", "latin1");
  const header = /^([0-9a-f]+)-([0-9a-f]+) rw.*\n(?:[A-Z].*\n)*?Rss: +(\d+) kB/gm;
  for (const [, from, to, resident] of text.matchAll(header)) {
    const start = Number.parseInt(from, 16);
    const bytes = Number.parseInt(to, 16) - start;
    if (bytes >= leastBytes) found.push({ start, bytes, residentBytes: Number(resident) * 1024 });
  }
  return found;
}

/** Bytes of the pages of [start, start + bytes) that are there. */
export function presentBytes(start: number, bytes: number): number {
  const entries = Buffer.alloc(Math.ceil(bytes / PAGE_BYTES) * ENTRY_BYTES);
  const file = openSync("/proc/self/pagemap", "r");
  readSync(file, entries, 0, entries.length, (start / PAGE_BYTES) * ENTRY_BYTES);
  closeSync(file);
  let pages = 0;
  for (let at = ENTRY_BYTES - 1; at < entries.length; at += ENTRY_BYTES) if (entries[at] & PRESENT) pages++;
  return pages * PAGE_BYTES;
}
