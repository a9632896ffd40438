// The verbs of the core, for JavaScript: over the views of one buffer. An address is a byte offset in the memory, in
// 32 bits; whether it arrives signed or not is the same to every verb. access.asc.ts has the same for WebAssembly.

let words = new Int32Array(0);
let bytes = new Uint8Array(0);
let pairs = new BigInt64Array(0);
let loadedStamp: i32 = 0;
let ownAt: i32 = 0;
let slow: SlowCalls | undefined;

/** The memory, after it was made and after it has grown. */
export function bindMemory(buffer: ArrayBuffer): void {
  words = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
  bytes = new Uint8Array(buffer);
  pairs = new BigInt64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
}

export function load32(at: i32): i32 {
  return words[at >>> 2] as i32;
}
export function store32(at: i32, value: i32): void {
  words[at >>> 2] = value;
}
export function load8(at: i32): i32 {
  return bytes[at >>> 0] as i32;
}
export function store8(at: i32, value: i32): void {
  bytes[at >>> 0] = value;
}

/** State bytes four at a time, at a multiple of 4: stored only where all four are the caller's. */
export function loadQuad(at: i32): i32 {
  return words[at >>> 2] as i32;
}
export function storeQuad(at: i32, value: i32): void {
  words[at >>> 2] = value;
}

/** A word that another worker may be writing, read as a hint: nothing rests on it. */
export function glance32(at: i32): i32 {
  return words[at >>> 2] as i32;
}

/** A word, or a byte, that stays as it is while the heap lives. */
export function constant32(at: i32): i32 {
  return words[at >>> 2] as i32;
}

export function constant8(at: i32): i32 {
  return bytes[at >>> 0] as i32;
}

export function atomicLoad32(at: i32): i32 {
  return Atomics.load(words, at >>> 2);
}
export function atomicStore32(at: i32, value: i32): void {
  Atomics.store(words, at >>> 2, value);
}
/** True when `expected` stood there and `desired` now does. */
export function compareExchange32(at: i32, expected: i32, desired: i32): bool {
  return Atomics.compareExchange(words, at >>> 2, expected, desired) === expected;
}
export function compareExchange8(at: i32, expected: i32, desired: i32): bool {
  return Atomics.compareExchange(bytes, at >>> 0, expected, desired) === expected;
}
/** These return the word as it was before. */
export function or32(at: i32, bits: i32): i32 {
  return Atomics.or(words, at >>> 2, bits);
}
export function and32(at: i32, bits: i32): i32 {
  return Atomics.and(words, at >>> 2, bits);
}
export function add32(at: i32, delta: i32): i32 {
  return Atomics.add(words, at >>> 2, delta);
}

/** Two words as one, at a multiple of 8: the value; the stamp behind it is `stampLoaded` then. */
export function loadCell(at: i32): i32 {
  // Without a BigInt. No stamp comes twice, so what stood between two loads of the same stamp is its value.
  let stamp = atomicLoad32(at + 4);
  let value = atomicLoad32(at);
  for (let again = atomicLoad32(at + 4); again !== stamp; again = atomicLoad32(at + 4)) {
    stamp = again;
    value = atomicLoad32(at);
  }
  loadedStamp = stamp;
  return value;
}
export function stampLoaded(): i32 {
  return loadedStamp;
}
/** True when value and stamp stood there, and what is desired now does. */
export function exchangeCell(at: i32, value: i32, stamp: i32, nextValue: i32, nextStamp: i32): bool {
  const expected = (BigInt(stamp) << 32n) | BigInt(value >>> 0);
  const desired = (BigInt(nextStamp) << 32n) | BigInt(nextValue >>> 0);
  return Atomics.compareExchange(pairs, at >>> 3, expected, desired) === expected;
}

/** Wakes all who wait at a word. Of memory that is not shared nobody can. */
export function wake(at: i32): void {
  Atomics.notify(words, at >>> 2);
}

/** Words to a lower place. */
export function moveDown(to: i32, from: i32, count: i32): void {
  words.copyWithin(to >>> 2, from >>> 2, (from >>> 2) + count);
}
/** Zeroes of an object: in a loop, for a call from here may want more of the stack than the one that made the object did. */
export function clearBytes(at: i32, count: i32): void {
  const end = (at >>> 0) + count;
  for (let i = at >>> 0; i < end; i++) bytes[i] = 0;
}

/** What an object has, to another that it does not reach into; so many bytes rounded up to 8, which both have. */
export function copyBytes(to: i32, from: i32, count: i32): void {
  bytes.copyWithin(to >>> 0, from >>> 0, (from >>> 0) + count);
}

/** What of a module's calls the core does not serve is the shell's, which throws what is to be thrown. */
export interface SlowCalls {
  malloc(size: i32): i32;
  free(address: i32): void;
  calloc(count: i32, size: i32): i32;
  realloc(address: i32, size: i32): i32;
  aligned_alloc(alignment: i32, size: i32): i32;
  /** The shell's part of a clean-up. */
  cleanUp(): void;
}

export function bindSlow(calls: SlowCalls): void {
  slow = calls;
}
export function mallocSlow(size: i32): i32 {
  return slow?.malloc(size) ?? 0;
}
export function freeSlow(address: i32): void {
  slow?.free(address);
}
export function callocSlow(count: i32, size: i32): i32 {
  return slow?.calloc(count, size) ?? 0;
}
export function reallocSlow(address: i32, size: i32): i32 {
  return slow?.realloc(address, size) ?? 0;
}
export function alignedSlow(alignment: i32, size: i32): i32 {
  return slow?.aligned_alloc(alignment, size) ?? 0;
}
export function cleanUpSlow(): void {
  slow?.cleanUp();
}

// The worker's own scratch: its record's last part, which nobody else reads.
export function bindOwn(at: i32): void {
  ownAt = at;
}
export function ownLoad32(offset: i32): i32 {
  return words[(ownAt + offset) >>> 2] as i32;
}
export function ownStore32(offset: i32, value: i32): void {
  words[(ownAt + offset) >>> 2] = value;
}
export function ownLoad8(offset: i32): i32 {
  return bytes[(ownAt + offset) >>> 0] as i32;
}
export function ownStore8(offset: i32, value: i32): void {
  bytes[(ownAt + offset) >>> 0] = value;
}
