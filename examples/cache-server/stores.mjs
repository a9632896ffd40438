// What the commands need of a store: a cache that all threads share, or a Map in each. A key is bytes that are the caller's again
// afterwards.
//
//   get(key): bytes or undefined         set(key, value, milliseconds or undefined, "NX", "XX" or undefined): whether it is set
//   has(key), delete(key): boolean       increment(key, by): the sum, or undefined for what is no integer
//   expire(key, milliseconds): boolean   remaining(key): milliseconds; -1 none set, -2 no such key
//   clear()   size   bytes
//
// Each change takes effect at once, whatever other threads do to the same key.

const { latin1Slice } = Buffer.prototype;

/** A character for each byte, of any Uint8Array. */
export const latin1Of = (bytes) => latin1Slice.call(bytes, 0, bytes.length);

const integerPattern = /^(0|-?[1-9]\d{0,15})$/;

/** The number that bytes are, or undefined: an integer up to 2^53 - 1. */
export function integerOf(bytes) {
  if (bytes.length > 17) return undefined;
  const text = latin1Of(bytes);
  const number = integerPattern.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Of what a key has, which is 0 for none, and a number; undefined for what is no integer, or would be none. */
function sumOf(old, by) {
  const number = old === undefined ? 0 : integerOf(old);
  const sum = number === undefined ? Number.NaN : number + by;
  return Number.isSafeInteger(sum) ? sum : undefined;
}

const forEver = Number.POSITIVE_INFINITY;

/** Over a SharedCache of bytes: a key is known to all threads, and what is in it is held once. */
export class SharedStore {
  #cache;

  constructor(cache) {
    this.#cache = cache;
  }

  get(key) {
    return this.#cache.get(key);
  }

  has(key) {
    return this.#cache.has(key);
  }

  set(key, value, milliseconds, only) {
    if (milliseconds === undefined && only === undefined) {
      this.#cache.set(key, value);
      return true;
    }
    // A time to live is always given: without it `update` keeps the old one, which a SET ends.
    const options = { ttl: milliseconds ?? forEver };
    if (only === "NX") return this.#cache.insert(key, value, options);
    if (only === "XX") return this.#cache.update(key, (old) => old && value, options) !== undefined;
    this.#cache.set(key, value, options);
    return true;
  }

  delete(key) {
    return this.#cache.delete(key);
  }

  /** `update` calls again where another thread was faster: none of two that add at once is lost. */
  increment(key, by) {
    let sum;
    this.#cache.update(key, (old) => {
      sum = sumOf(old, by);
      return sum === undefined ? undefined : Buffer.from(`${sum}`);
    });
    return sum;
  }

  expire(key, milliseconds) {
    return milliseconds > 0 ? this.#cache.touch(key, { ttl: milliseconds }) : this.delete(key);
  }

  remaining(key) {
    const at = this.#cache.expiresAt(key);
    if (at === undefined) return -2;
    return at === forEver ? -1 : Math.max(0, at - Date.now());
  }

  clear() {
    this.#cache.clear();
  }

  get size() {
    return this.#cache.size;
  }

  get bytes() {
    return this.#cache.bytes;
  }
}

/** A Map of buffers, one in each thread: a key is known to the thread that was told of it. What has expired goes when it is asked for. */
export class MapStore {
  #entries = new Map();
  #bytes = 0;

  #find(text) {
    const entry = this.#entries.get(text);
    if (entry === undefined || entry.expires > Date.now()) return entry;
    this.#remove(text, entry);
    return undefined;
  }

  #remove(text, { value }) {
    this.#entries.delete(text);
    this.#bytes -= text.length + value.length;
  }

  get(key) {
    return this.#find(latin1Of(key))?.value;
  }

  has(key) {
    return this.#find(latin1Of(key)) !== undefined;
  }

  set(key, value, milliseconds = forEver, only) {
    const text = latin1Of(key);
    const old = this.#find(text);
    if (only !== undefined && (old !== undefined) !== (only === "XX")) return false;
    if (old !== undefined) this.#remove(text, old);
    this.#entries.set(text, { value: Buffer.from(value), expires: Date.now() + milliseconds });
    this.#bytes += text.length + value.length;
    return true;
  }

  delete(key) {
    const text = latin1Of(key);
    const entry = this.#find(text);
    if (entry !== undefined) this.#remove(text, entry);
    return entry !== undefined;
  }

  increment(key, by) {
    const entry = this.#find(latin1Of(key));
    const sum = sumOf(entry?.value, by);
    if (sum === undefined) return undefined;
    const value = Buffer.from(`${sum}`);
    if (entry === undefined) this.set(key, value);
    else {
      this.#bytes += value.length - entry.value.length;
      entry.value = value;
    }
    return sum;
  }

  expire(key, milliseconds) {
    const text = latin1Of(key);
    const entry = this.#find(text);
    if (entry === undefined) return false;
    if (milliseconds > 0) entry.expires = Date.now() + milliseconds;
    else this.#remove(text, entry);
    return true;
  }

  remaining(key) {
    const entry = this.#find(latin1Of(key));
    if (entry === undefined) return -2;
    return entry.expires === forEver ? -1 : entry.expires - Date.now();
  }

  clear() {
    this.#entries.clear();
    this.#bytes = 0;
  }

  get size() {
    return this.#entries.size;
  }

  get bytes() {
    return this.#bytes;
  }
}
