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

interface WasmCompiler {
  readonly Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): readonly { readonly module: string; readonly name: string }[];
  };
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

const { Module, Instance } = (globalThis as unknown as { WebAssembly: WasmCompiler }).WebAssembly;

export function wasmModule(bytes: Uint8Array): object {
  return new Module(bytes);
}

/** The names that a module imports. */
export function importedNames(module: object): readonly string[] {
  return Module.imports(module).map(({ name }) => name);
}

/** What an instance of a module exports. */
export function wasmInstanceOf(module: object, imports: object): object {
  return new Instance(module, imports).exports;
}
