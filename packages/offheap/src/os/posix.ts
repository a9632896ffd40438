// The calls of Linux and macOS. Pages are decommitted whole; the edges of a range that share a page with what is
// not in it are filled with zeros, so that after a call the whole range reads as zeros.

import type { Os, OsAbility, OsProcesses } from "../base/index.ts";
import type { Native } from "./native.ts";

export interface PageCalls {
  /** Page size of the machine. */
  readonly pageBytes: number;
  readonly hugePageBytes: number;
  readonly hugePages: OsAbility;
  readonly decommit: OsAbility;
  readonly residency: OsAbility;
  readonly processes: OsProcesses;
  /** Whole pages, by native address. */
  adviseHuge(address: bigint, bytes: number): boolean;
  discard(address: bigint, bytes: number): boolean;
  /** Whether discarded pages may keep what was in them, so that zeros must be written first. */
  readonly keepsContents: boolean;
  /** One byte a page, its lowest bit set for a page in memory. */
  residentPages(address: bigint, bytes: number, into: Uint8Array): boolean;
  hugeBytes(address: bigint, bytes: number): number;
}

interface WholePages {
  readonly start: number;
  readonly end: number;
}

export function osOf(native: Native, calls: PageCalls): Os {
  const { pageBytes } = calls;
  // Where a memory lies never changes while it is alive, and asking costs more than a call of the OS.
  const bases = new WeakMap<ArrayBufferLike, bigint>();
  const addressOf = (buffer: ArrayBufferLike): bigint => {
    const known = bases.get(buffer) ?? native.addressOf(buffer);
    bases.set(buffer, known);
    return known;
  };
  /** The whole pages within a range, or all pages that it touches. */
  const pages = (buffer: ArrayBufferLike, offset: number, bytes: number, outward: boolean): WholePages => {
    const skew = Number(addressOf(buffer) % BigInt(pageBytes));
    const round = (at: number, up: boolean) =>
      (up ? Math.ceil : Math.floor)((at + skew) / pageBytes) * pageBytes - skew;
    return { start: round(offset, !outward), end: round(offset + bytes, outward) };
  };
  const at = (buffer: ArrayBufferLike, offset: number) => addressOf(buffer) + BigInt(offset);
  return {
    hugePages: calls.hugePages,
    decommit: calls.decommit,
    residency: calls.residency,
    processes: calls.processes,
    hugePageBytes: calls.hugePageBytes,
    addressOf,
    adviseHuge: (buffer, offset, bytes) => {
      const { start, end } = pages(buffer, offset, bytes, false);
      return end > start && calls.adviseHuge(at(buffer, start), end - start);
    },
    decommitRange: (buffer, offset, bytes) => {
      const { start, end } = pages(buffer, offset, bytes, false);
      const clear = (from: number, to: number) => new Uint8Array(buffer, from, to - from).fill(0);
      if (end <= start) {
        clear(offset, offset + bytes);
        return true;
      }
      if (calls.keepsContents) clear(start, end);
      if (!calls.discard(at(buffer, start), end - start)) return false;
      clear(offset, start);
      clear(end, offset + bytes);
      return true;
    },
    residentBytes: (buffer, offset, bytes) => {
      const { start, end } = pages(buffer, offset, bytes, true);
      const marks = new Uint8Array((end - start) / pageBytes);
      if (!calls.residentPages(at(buffer, start), end - start, marks)) return -1;
      let resident = 0;
      for (let page = 0; page < marks.length; page++) {
        if (((marks[page] as number) & 1) === 0) continue;
        const from = Math.max(start + page * pageBytes, offset);
        resident += Math.min(start + (page + 1) * pageBytes, offset + bytes) - from;
      }
      return resident;
    },
    hugeBytes: (buffer, offset, bytes) => calls.hugeBytes(at(buffer, offset), bytes),
    now: () => Date.now(),
  };
}
