// One `number`, one meaning. Plain numbers pass into the public calls; inside the library a value keeps
// the brand it was made with, so an index into the books can never be used as an address.

declare const brand: unique symbol;

/** Byte offset into the memory that the heap lives in. Plain numbers pass. */
export type Address = number & { readonly [brand]?: "Address" };

/** Number of a 64 KiB chunk, counted from the heap's first byte. */
export type ChunkIndex = number & { readonly [brand]: "ChunkIndex" };

/** Number of a slot's state byte; unique in the heap: head chunk × states per chunk + slot in the slab. */
export type SlotIndex = number & { readonly [brand]: "SlotIndex" };

/** Number of a size class, from 1; 0 means "no class". */
export type ClassIndex = number & { readonly [brand]: "ClassIndex" };

/** A worker's place in the heap, 1–126; the value that its state bytes carry. */
export type WorkerPlace = number & { readonly [brand]: "WorkerPlace" };

/** Slot and incarnation of a worker: incarnation × 128 + slot. Never the same twice in a heap's life. */
export type WorkerId = number & { readonly [brand]?: "WorkerId" };

/** Index into the heap's Int32Array of books. */
export type WordIndex = number & { readonly [brand]: "WordIndex" };
