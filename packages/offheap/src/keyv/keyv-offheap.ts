// A store for Keyv over a cache of texts. The two versions of Keyv ask for the same calls, and mean different things:
//
//           | Keyv 5                        | Keyv 6
//   key     | has the namespace in front    | has none: the store puts it in front
//   set     | (key, value, ttl)             | (key, value, time when it ends)
//   deleteMany | whether all of them were there | for each, whether it was there
//
// So a store says at its making whom it is for. Under the other one it throws at the first call that tells them apart,
// before anything is written: Keyv 6 looks at `capabilities`, Keyv 5 gives a time to live where a date is due.

import { AllocatorError, checkOptions, show } from "../base/index.ts";
import type { TextCache } from "./cache.ts";

export interface KeyvOptions {
  /** The version of Keyv. Default: 5. */
  readonly keyv?: 5 | 6;
}

/** One entry of `setMany`: Keyv 5 gives `ttl`, Keyv 6 `expires`, both in milliseconds. */
export interface KeyvEntry {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number | undefined;
  readonly expires?: number | undefined;
}

export interface KeyvCapabilities {
  readonly compatible: boolean;
  readonly store: "keyvStorage";
  readonly expires: boolean;
  readonly methods: Readonly<Record<string, { readonly exists: boolean; readonly methodType: "async" }>>;
}

const methodNames = [
  ...["get", "getMany", "has", "hasMany", "set", "setMany"],
  ...["delete", "deleteMany", "clear", "iterator"],
];
/** Between the namespace and the key: as Keyv 5 writes it, and as stores of Keyv 6 do. */
const separators = { 5: ":", 6: "::" };
/** In milliseconds since 1970: a date before 1973 is a time to live. */
const leastDate = 1e11;

export class KeyvOffheap {
  /** Keyv sets it: `clear` and `iterator` are about keys of this namespace, or about all. */
  namespace: string | undefined;
  /** Keyv 5 iterates over stores whose dialect it knows: set `dialect` to "redis", and it does. */
  readonly opts: { dialect: string; url: string } = { dialect: "offheap", url: "" };
  private readonly cache: TextCache;
  private readonly version: 5 | 6;

  /** @throws ERR_INVALID_OPTION for another version, or what is no cache */
  constructor(cache: TextCache, options: KeyvOptions = {}) {
    const { keyv = 5 } = checkOptions<KeyvOptions>("KeyvOffheap", options, { keyv: true });
    if (keyv !== 5 && keyv !== 6) throw wrong("keyv is 5 or 6", keyv);
    if (typeof (cache as Partial<TextCache> | null | undefined)?.get !== "function")
      throw wrong("a store is over a cache of texts", cache);
    this.cache = cache;
    this.version = keyv;
  }

  /** Keyv 6 looks here whether dates are understood. @throws ERR_INVALID_OPTION where the store was made for Keyv 5 */
  get capabilities(): KeyvCapabilities {
    if (this.version === 5)
      throw new AllocatorError(
        "ERR_INVALID_OPTION",
        "this store is for Keyv 5: for Keyv 6 it is made with { keyv: 6 }",
      );
    const methods = methodNames.map((name) => [name, { exists: true, methodType: "async" }] as const);
    return { compatible: true, store: "keyvStorage", expires: true, methods: Object.fromEntries(methods) };
  }

  async get(key: string): Promise<string | undefined> {
    return this.cache.get(this.inside(key));
  }

  /** @throws ERR_INVALID_OPTION for what is no array of texts, as all calls of many do */
  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return listOf("keys", keys).map((key) => this.cache.get(this.inside(key)));
  }

  async has(key: string): Promise<boolean> {
    return this.cache.has(this.inside(key));
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return listOf("keys", keys).map((key) => this.cache.has(this.inside(key)));
  }

  /**
   * @param end Keyv 5: milliseconds to live; Keyv 6: milliseconds since 1970, and a date that has passed ends the entry
   * @throws ERR_INVALID_OPTION for a value that is no text, as it is where Keyv serializes nothing; what the cache throws
   */
  async set(key: string, value: unknown, end?: number): Promise<boolean> {
    this.put(key, value, end);
    return true;
  }

  /** All of them, or those before the first that the cache refuses. */
  async setMany(entries: readonly KeyvEntry[]): Promise<boolean[]> {
    for (const entry of listOf("entries", entries)) {
      if (typeof entry !== "object" || entry === null) throw wrong("an entry is an object", entry);
      this.put(entry.key, entry.value, this.version === 5 ? entry.ttl : entry.expires);
    }
    return entries.map(() => true);
  }

  async delete(key: string): Promise<boolean> {
    return this.cache.delete(this.inside(key));
  }

  /** Keyv 5: whether all of them were there; Keyv 6: for each, whether it was. */
  async deleteMany(keys: readonly string[]): Promise<boolean | boolean[]> {
    const were = listOf("keys", keys).map((key) => this.cache.delete(this.inside(key)));
    return this.version === 5 ? were.every(Boolean) : were;
  }

  /** The namespace's entries, which are looked for among all; without a namespace all there are. */
  async clear(): Promise<void> {
    const prefix = this.prefix(this.namespace);
    if (prefix === "") return this.cache.clear();
    const keys = Array.from(this.cache, ([key]) => key);
    for (const key of keys) if (key.startsWith(prefix)) this.cache.delete(key);
  }

  async *iterator(namespace = this.namespace): AsyncGenerator<[key: string, value: string], void> {
    const prefix = this.prefix(namespace);
    for (const [key, value] of this.cache)
      if (key.startsWith(prefix)) yield [this.version === 5 ? key : key.slice(prefix.length), value];
  }

  private prefix(namespace: string | undefined): string {
    return namespace === undefined ? "" : `${namespace}${separators[this.version]}`;
  }

  /** The cache's key. */
  private inside(key: string): string {
    if (typeof key !== "string") throw wrong("a key is a text", key);
    return this.version === 5 ? key : this.prefix(this.namespace) + key;
  }

  private put(key: string, value: unknown, end: number | undefined): void {
    if (typeof value !== "string") throw wrong("a value is a text, as Keyv's serializer makes it", value);
    const at = this.inside(key);
    if (end === undefined) return void this.cache.set(at, value);
    if (this.version === 5) return void this.cache.set(at, value, { ttl: end });
    if (typeof end !== "number" || !(end >= leastDate)) throw wrong("expires is a date in milliseconds", end);
    const ttl = end - Date.now();
    if (ttl > 0) this.cache.set(at, value, { ttl });
    else this.cache.delete(at);
  }
}

function wrong(what: string, got: unknown): AllocatorError {
  return new AllocatorError("ERR_INVALID_OPTION", `${what}, got ${show(got)}`);
}

function listOf<T>(what: string, given: readonly T[]): readonly T[] {
  if (Array.isArray(given)) return given;
  throw wrong(`${what} are an array`, given);
}
