// What a store of Keyv needs of a cache: keys and values are texts, and each entry may have a time to live.

export interface TextCache {
  get(key: string): string | undefined;
  /** @param options `ttl` in milliseconds */
  set(key: string, value: string, options?: { readonly ttl?: number }): unknown;
  has(key: string): boolean;
  delete(key: string): boolean;
  clear(): void;
  [Symbol.iterator](): Iterator<readonly [key: string, value: string]>;
}
