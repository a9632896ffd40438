// WebAssembly.Memory without the DOM library's types.

import type { WasmMemory } from "#src/memory/kind.js";

interface Descriptor {
  readonly initial: number;
  readonly maximum: number;
  readonly shared?: boolean;
}

const { Memory } = (
  globalThis as unknown as { WebAssembly: { Memory: new (pages: Descriptor) => WasmMemory } }
).WebAssembly;

/** A memory that someone else made, in pages of 64 KiB. */
export function wasmMemory(initial: number, maximum: number, shared: boolean): WasmMemory {
  return new Memory({ initial, maximum, shared });
}
