// Bytes into a memory and out of it. The engine's own copy is the fastest for any length, but for one case: into or
// out of shared memory V8 copies byte by byte where the two sides do not lie alike, eight times slower than where they
// do. There the bytes go by way of a scratch buffer of this thread's, in which they lie as in the shared memory
// (docs/copies-and-texts.md).

/** Private bytes of this thread, for what is on its way. */
export interface Scratch {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
}

/** Bytes that go by way of the scratch buffer at once. */
export const pieceBytes = 8192;
/** From here on two copies of words are faster than one of bytes. */
const leastBytes = 512;
/** Bytes that the engine copies at once: addresses lie alike when they are the same by this. */
const wordMask = 7;

let made: Scratch | undefined;

/** A piece, and as much more as it may begin later. */
export function scratch(): Scratch {
  if (made === undefined) {
    const buffer = new ArrayBuffer(pieceBytes + wordMask + 1);
    made = { u8: new Uint8Array(buffer), i32: new Int32Array(buffer) };
  }
  return made;
}

function isShared({ buffer }: Uint8Array): boolean {
  return Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]";
}

/** Whether bytes at two offsets, in a memory and elsewhere, are copied word by word. */
function lieAlike(address: number, byteOffset: number): boolean {
  return ((address ^ byteOffset) & wordMask) === 0;
}

/** Copies bytes to an address, also where they overlap. Makes no garbage up to `leastBytes`. */
export function copyIn(u8: Uint8Array, address: number, bytes: Uint8Array): void {
  const { length } = bytes;
  // Those of a buffer that was transferred are none, and the engine would throw.
  if (length === 0) return;
  // Shared bytes may be those of this memory, by another buffer: only the engine knows whether they overlap.
  if (length < leastBytes || lieAlike(address, bytes.byteOffset) || !isShared(u8) || isShared(bytes)) {
    u8.set(bytes, address);
    return;
  }
  const { u8: way } = scratch();
  const begin = address & wordMask;
  for (let from = 0; from < length; from += pieceBytes) {
    const piece = Math.min(pieceBytes, length - from);
    way.set(new Uint8Array(bytes.buffer, bytes.byteOffset + from, piece), begin);
    u8.set(way.subarray(begin, begin + piece), address + from);
  }
}

/** A copy of bytes, in a buffer of its own that is not shared. */
export function copyOut(u8: Uint8Array, address: number, length: number): Uint8Array {
  // A new array begins at a word.
  if (length < leastBytes || lieAlike(address, 0) || !isShared(u8))
    return u8.slice(address, address + length);
  const out = new Uint8Array(length);
  const { u8: way } = scratch();
  const begin = address & wordMask;
  for (let from = 0; from < length; from += pieceBytes) {
    const piece = Math.min(pieceBytes, length - from);
    way.set(u8.subarray(address + from, address + from + piece), begin);
    out.set(way.subarray(begin, begin + piece), from);
  }
  return out;
}
