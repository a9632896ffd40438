// malloc and its kin for a WebAssembly module that imports them: calls that do not pass through JavaScript. The same stores
// as the shell's fast path in the same order (src/allocator/fast-path.ts says why), so either may serve any call. What they do
// not serve ends in the shell.
//
// Each load of a module variable is one more of memory, so what can be added up beforehand is. Nothing is held against its
// bounds that only damaged books can have: where those lead beyond the memory, the call is a trap.
//
// Plain loads: malloc reads the caller's own record, and the byte of a slot that it has cached. A legal free
// comes after the allocation, by the module's own hand-over: so it sees the map, and the byte as it is.

import { mapOf, takenIsZero } from "../arena/index.ts";
import { isSpanOf } from "../large/index.ts";
import {
  chunkBytes,
  chunkShift,
  gaugeIndex,
  granuleShift,
  mallocAlign,
  mapClassMask,
  mapWord,
  recordGauges,
  recordMagazines,
  roundShift,
  roundSlot,
  slotLive,
  wideBytes,
} from "../layout/index.ts";
import { mostBytes, openChunks, serveUpTo } from "../pages/index.ts";
import {
  chunkCount,
  dataAt,
  heapAt,
  isPlace,
  objectBytes,
  recordOf,
  spaceMask,
  statesAt,
  tableBytes,
  worker,
} from "../places/index.ts";
import {
  alignedSlow,
  assert,
  callocSlow,
  cleanUpSlow,
  clearBytes,
  constant8,
  freeSlow,
  leadingZeros,
  lessUnsigned,
  load8,
  load32,
  mallocSlow,
  multiply,
  reallocSlow,
  store8,
  store32,
} from "../target/index.ts";
import { allocated, allocateInCore, allocateLargeInCore, deallocateInCore, slotAt } from "./halves.ts";
import { reallocateInCore } from "./moves.ts";
import { cleanUpFirst, done } from "./slow.ts";

const toRounds = recordMagazines - recordGauges;

// The worker that the calls are made for: that of the instance, whoever it acts for while it recovers another.
let caller: i32 = 0;
let gaugesAt: i32 = 0;
/** The class of each request of malloc; what rounds count a state byte from; the map's entry of the memory's first chunk. */
let requestsAt: i32 = 0;
let bytesAt: i32 = 0;
let mapFrom: i32 = 0;

/** From now on calls are served up to so many bytes, and in so many chunks. */
export function openCalls(w: i32, bytes: i32, chunks: i32): void {
  assert(isPlace(w) && chunks <= chunkCount);
  caller = w;
  gaugesAt = (recordOf(w) + recordGauges) | 0;
  bytesAt = (statesAt - tableBytes) | 0;
  requestsAt = (bytesAt - tableBytes) | 0;
  mapFrom = (heapAt + (mapWord << 2) - ((dataAt >>> chunkShift) << 2)) | 0;
  serveUpTo(bytes, chunks);
}

/** Aligned to 16 bytes from 9 on; a request of 0 bytes is one of 1. */
export function malloc(size: i32): i32 {
  if (size >= 0 && size <= mostBytes) {
    const index = constant8((requestsAt + ((size + 7) >> granuleShift)) | 0);
    const gaugeAt = (gaugesAt + (index << 2)) | 0;
    const filled = load32(gaugeAt);
    const roundAt = (gaugesAt + toRounds + ((filled & gaugeIndex) << roundShift)) | 0;
    const address = load32(roundAt);
    const stateAt = (bytesAt + load32((roundAt + roundSlot) | 0)) | 0;
    // An empty magazine's top is no round: its byte is the class of a request of 0 bytes, which is 0.
    if (load8(stateAt) === caller && classAt(address >>> chunkShift) === index) {
      store8(stateAt, caller | slotLive);
      store32(gaugeAt, (filled + allocated) | 0);
      return address;
    }
    const found =
      index !== 0 && worker === caller && objectBytes(index) <= wideBytes ? allocateInCore(index) : 0;
    if (found !== 0) return found;
  } else if (size !== 0 && servesCalls()) {
    const found = allocateLargeInCore(size, 1);
    if (found !== 0) return found;
  }
  return mallocSlow(size);
}

/** Whether the core serves the caller just now. */
function servesCalls(): bool {
  return mostBytes >= 0 && worker === caller;
}

/** The class that a chunk of the memory is mapped to. */
function classAt(chunk: i32): i32 {
  return load32((mapFrom + (chunk << 2)) | 0) & mapClassMask;
}

export function free(address: i32): void {
  if (address === 0) return;
  const chunk = (address - dataAt) >>> chunkShift;
  if (lessUnsigned(chunk, openChunks)) {
    const entry = mapOf(chunk);
    const slot = slotAt(address, chunk, entry);
    if (slot >= 0 && load8((statesAt + slot) | 0) >= slotLive) {
      const gaugeAt = (gaugesAt + ((entry & mapClassMask) << 2)) | 0;
      const filled = load32(gaugeAt);
      if ((filled & spaceMask) > 1) {
        const roundAt = (gaugesAt + toRounds + (1 << roundShift) + ((filled & gaugeIndex) << roundShift)) | 0;
        store32(roundAt, address);
        store32((roundAt + roundSlot) | 0, slot + tableBytes);
        store8((statesAt + slot) | 0, caller);
        store32(gaugeAt, (filled + 1) | 0);
        return;
      }
    }
    const found = worker === caller ? deallocateInCore(address) : 0;
    if (found > done) cleanUpSlow();
    if (found !== 0 && found !== cleanUpFirst) return;
  }
  freeSlow(address);
}

/** Zeroed. What comes fresh from the OS is so. */
export function calloc(count: i32, size: i32): i32 {
  // The product of two such has no more than 32 bits.
  if (leadingZeros(count) + leadingZeros(size) < 32) return callocSlow(count, size);
  const bytes = multiply(count, size);
  const isSpan = isSpanOf(bytes);
  const address = malloc(bytes);
  if (address !== 0 && !(isSpan && takenIsZero)) clearBytes(address, bytes);
  return address;
}

export function realloc(address: i32, size: i32): i32 {
  if (address === 0) return malloc(size);
  const want = servesCalls() ? sizeFor(size) : 0;
  const next = want === 0 ? 0 : reallocateInCore(address, want);
  return next === 0 ? reallocSlow(address, size) : next;
}

export function alignedAlloc(alignment: i32, size: i32): i32 {
  if (alignment <= 0 || (alignment & (alignment - 1)) !== 0) return alignedSlow(alignment, size);
  if (alignment <= mallocAlign) return malloc(lessUnsigned(size, alignment) ? alignment : size);
  const isLarge = alignment <= chunkBytes && servesCalls() && lessUnsigned(mostBytes, size);
  const found = isLarge ? allocateLargeInCore(size, alignment) : 0;
  return found === 0 ? alignedSlow(alignment, size) : found;
}

/** What malloc asks for in place of so many bytes: those of a class that is aligned as C has it; 0: the shell knows. */
function sizeFor(size: i32): i32 {
  if (lessUnsigned(mostBytes, size)) return size;
  const index = constant8((requestsAt + ((size + 7) >> granuleShift)) | 0);
  return index === 0 ? 0 : objectBytes(index);
}
