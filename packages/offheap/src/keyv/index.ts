// offheap/keyv: a cache of texts as a store for Keyv 5 or 6. Nothing of Keyv is imported.

export type { TextCache } from "./cache.ts";
export { KeyvOffheap, type KeyvCapabilities, type KeyvEntry, type KeyvOptions } from "./keyv-offheap.ts";
