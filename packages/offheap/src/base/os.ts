// What only the operating system can do, as the heap sees it. `loadOs()` of "offheap/os" makes one; it is handed
// in and never imported, so that browsers and bare installs carry none of it.

/** Bytes of a huge page where nothing says otherwise. */
export const usualHugePageBytes = 2 ** 21;

/** Whether the operating system can do something, and why not, or by which call. */
export interface OsAbility {
  readonly available: boolean;
  readonly reason: string;
}

/**
 * A way to the operating system. The calls say with their result whether they were granted; what an ability
 * that is not available would do is never called. Ranges are bytes of a buffer.
 */
export interface Os {
  readonly hugePages: OsAbility;
  readonly decommit: OsAbility;
  readonly residency: OsAbility;
  /** Bytes of a huge page; a power of two. */
  readonly hugePageBytes: number;
  /** Native address of the buffer's first byte. */
  addressOf(buffer: ArrayBufferLike): bigint;
  /** Asks for huge pages behind the whole pages of a range; false when it is refused. */
  adviseHuge(buffer: ArrayBufferLike, offset: number, bytes: number): boolean;
  /** Gives the pages of a range back. True: all of the range reads as zeros. False: nothing has changed. */
  decommitRange(buffer: ArrayBufferLike, offset: number, bytes: number): boolean;
  /** Bytes of a range whose pages are in memory; −1 when it is refused. */
  residentBytes(buffer: ArrayBufferLike, offset: number, bytes: number): number;
  /** Bytes of a range that huge pages back; −1 when it is refused. */
  hugeBytes(buffer: ArrayBufferLike, offset: number, bytes: number): number;
  /** Milliseconds since any fixed moment: by it a page that is free rests before it is given back. */
  now(): number;
}
