/** The subject: SlabAllocator, with either preset of size classes, and MemoryPool; all checks on. */
import { type HeapOptions, MemoryPool, SizeClasses, SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import type { Stream } from "../stream/format.ts";
import type { JsPeer, OpenOptions, Runner } from "./peer.ts";
import { addressRunner } from "./runners.ts";

const GIB = 2 ** 30;
const BALLAST_BYTES = 8192;

/** The default of 1 GiB, or what the stream needs with room for rounding up. */
export function capacityFor(stream: Stream, ballast: number): number {
  const needed = stream.peakLiveBytes * 2 + ballast * BALLAST_BYTES * 1.05 + GIB / 4;
  return Math.min(4 * GIB, Math.max(GIB, Math.ceil(needed / 65_536) * 65_536));
}

function open(
  stream: Stream,
  { ballast }: OpenOptions,
  options: HeapOptions,
  Allocator: typeof SlabAllocator | typeof MemoryPool = SlabAllocator,
): Runner {
  const heap = new Allocator({ capacity: capacityFor(stream, ballast), ...options });
  for (let i = 0; i < ballast; i++) heap.allocate(BALLAST_BYTES);
  return {
    ...addressRunner(stream, { allocator: heap, bytes: heap.u8, memory: heap.u32 }),
    cleanup: () => void heap.cleanup({ all: true }),
    account: () => heap.stats(),
  };
}

export const offheapPeers: JsPeer[] = [
  {
    id: "offheap",
    title: "offheap, SizeClasses.powersOfTwo",
    open: (stream, options) => open(stream, options, { sizeClasses: SizeClasses.powersOfTwo }),
  },
  {
    id: "offheap-fine",
    title: "offheap, SizeClasses.fine",
    open: (stream, options) => open(stream, options, { sizeClasses: SizeClasses.fine }),
  },
  {
    id: "offheap-huge",
    title: "offheap, SizeClasses.powersOfTwo, huge pages",
    refuses: () => (loadOs().hugePages.available ? undefined : loadOs().hugePages.reason),
    open: (stream, options) =>
      open(stream, options, { sizeClasses: SizeClasses.powersOfTwo, os: loadOs(), hugePages: true }),
  },
  {
    id: "offheap-pool",
    title: "offheap, MemoryPool",
    open: (stream, options) => open(stream, options, {}, MemoryPool),
  },
];
