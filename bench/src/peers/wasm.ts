/** Allocators that were compiled to WebAssembly, each called as a JavaScript program would call it. */
import { readFileSync } from "node:fs";
import { wasmPath } from "../native/wasm.ts";
import type { JsPeer } from "./peer.ts";
import { addressRunner } from "./runners.ts";

const MEMORY_PAGES = 32_000;

interface MallocExports {
  readonly malloc: (size: number) => number;
  readonly free: (address: number) => void;
  readonly memory?: WebAssembly.Memory;
  readonly _initialize?: () => void;
}

async function instantiate(id: string): Promise<{ exports: MallocExports; memory: WebAssembly.Memory }> {
  const module = await WebAssembly.compile(readFileSync(wasmPath(id)));
  const imported = WebAssembly.Module.imports(module).some(({ name }) => name === "memory");
  const memory = new WebAssembly.Memory({ initial: imported ? MEMORY_PAGES : 0, maximum: MEMORY_PAGES });
  const abort = (): never => {
    throw new Error(`${id} aborted: out of memory`);
  };
  const instance = await WebAssembly.instantiate(module, { env: { memory, abort } });
  const exports = instance.exports as unknown as MallocExports;
  exports._initialize?.();
  return { exports, memory: exports.memory ?? memory };
}

export const wasmPeer = (id: string, title: string): JsPeer => ({
  ...{ id, title },
  async open(stream) {
    const { exports, memory } = await instantiate(id);
    return addressRunner(stream, {
      allocator: { allocate: exports.malloc, deallocate: exports.free },
      bytes: new Uint8Array(memory.buffer),
      memory: new Uint32Array(memory.buffer),
    });
  },
});
