// The engine that runs the core: WebAssembly where the memory is a WebAssembly.Memory and the host compiles it, else the
// JavaScript that is made of the same source. The module is compiled once a thread, or comes with the handle.

import type { SlowCalls } from "../../core/built/instance.js";
import { localPatch, moduleId, sharedModule } from "../../core/built/module.js";
import { AllocatorError, show } from "../base/index.ts";
import { isShared, type MemorySource, memoryKindOf } from "./kind.ts";

/** What runs the core; `"auto"`: WebAssembly where it can be had. */
export type Engine = "wasm" | "js";

interface WasmNamespace {
  readonly Module: { new (bytes: Uint8Array): object; exports(module: object): object };
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

function wasm(): WasmNamespace | undefined {
  return (globalThis as { WebAssembly?: WasmNamespace }).WebAssembly;
}

/** An option `engine` as it comes. @throws ERR_INVALID_OPTION */
export function checkEngine(given: unknown): Engine | "auto" {
  if (given === undefined) return "auto";
  if (given === "auto" || given === "wasm" || given === "js") return given;
  throw new AllocatorError("ERR_INVALID_OPTION", `engine is "auto", "wasm" or "js", got ${show(given)}`);
}

/** What `"auto"` is; for tests, which go through all of it with either engine. */
let usual: Engine = "wasm";
export function useByDefault(engine: Engine): void {
  usual = engine;
}

/** The module for shared memory, and for other; or why the host has none. */
const modules: { shared?: object | string; local?: object | string } = {};

function moduleFor(kind: "shared" | "local"): object | string {
  modules[kind] ??= compile(kind === "shared" ? bytesOf(sharedModule) : localBytes());
  return modules[kind];
}

function compile(bytes: Uint8Array): object | string {
  const namespace = wasm();
  if (namespace === undefined) return "this host has no WebAssembly";
  // A page's policy, or a host's flag, may forbid it: the one place where that shows.
  try {
    return new namespace.Module(bytes);
  } catch (cause) {
    return String((cause as { message?: unknown } | null)?.message ?? cause);
  }
}

/** The core as it is posted with a handle, so that a worker need not compile it. */
export interface CompiledCore {
  readonly id: string;
  readonly module: object;
}

/** The compiled core of shared memory; undefined where there is none. */
export function compiledCore(engine: Engine): CompiledCore | undefined {
  const module = engine === "wasm" ? moduleFor("shared") : undefined;
  return typeof module === "object" ? { id: moduleId, module } : undefined;
}

/** Takes the core that came with a handle, if it is this library's, and the thread has none yet. */
export function takeCompiled(core: unknown): void {
  if (typeof modules.shared === "object" || typeof core !== "object" || core === null) return;
  const { id, module } = core as { readonly id?: unknown; readonly module?: unknown };
  if (id === moduleId && isModule(module)) modules.shared = module;
}

function isModule(value: unknown): value is object {
  // What is no module is refused by the engine.
  try {
    return wasm()?.Module.exports(value as object) !== undefined;
  } catch {
    return false;
  }
}

/**
 * What is exported by an instance over the memory; undefined: JavaScript is to serve.
 * @throws ERR_INVALID_OPTION when WebAssembly is asked for by name and cannot be had
 */
export function instantiate(
  memory: MemorySource,
  wanted: Engine | "auto",
  slow: SlowCalls,
): object | undefined {
  if (wanted === "js" || (wanted === "auto" && usual === "js")) return undefined;
  const made = tryInstance(memory, slow);
  if (typeof made === "object") return made;
  if (wanted === "auto") return undefined;
  throw new AllocatorError("ERR_INVALID_OPTION", `engine "wasm" cannot be had: ${made}`);
}

function tryInstance(memory: MemorySource, slow: SlowCalls): object | string {
  if (memoryKindOf(memory) !== "WebAssembly.Memory")
    return `the memory is a ${memoryKindOf(memory)}, not a WebAssembly.Memory`;
  const module = moduleFor(isShared(memory) ? "shared" : "local");
  const namespace = wasm();
  if (typeof module === "string" || namespace === undefined) return String(module);
  const shell = {
    mallocSlow: (size: number) => slow.malloc(size),
    freeSlow: (address: number) => slow.free(address),
    callocSlow: (count: number, size: number) => slow.calloc(count, size),
    reallocSlow: (address: number, size: number) => slow.realloc(address, size),
    alignedSlow: (alignment: number, size: number) => slow.aligned_alloc(alignment, size),
    cleanUpSlow: () => slow.cleanUp(),
  };
  // A memory of 64-bit addresses, say, is no memory to it.
  try {
    return new namespace.Instance(module, { env: { memory }, shell }).exports;
  } catch (cause) {
    return String((cause as { message?: unknown } | null)?.message ?? cause);
  }
}

/** The module with the import of a memory that is not shared. */
function localBytes(): Uint8Array {
  const shared = bytesOf(sharedModule);
  const { from, to, bytes } = localPatch;
  return Uint8Array.of(...shared.subarray(0, from), ...bytesOf(bytes), ...shared.subarray(to));
}

interface NodeBuffer {
  from(text: string, encoding: "hex"): Uint8Array;
}

/**
 * Two digits a byte: compressed, a fifth less than base64, whose digits no longer stand for whole bytes. By the host where it can:
 * the loop, which V8 has never run before, takes some milliseconds of a program's start.
 */
function bytesOf(text: string): Uint8Array {
  const { Buffer: buffer } = globalThis as { Buffer?: NodeBuffer };
  if (buffer !== undefined) return buffer.from(text, "hex");
  const bytes = new Uint8Array(text.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (digitAt(text, i * 2) << 4) | digitAt(text, i * 2 + 1);
  return bytes;
}

/** 0 to 9 and a to f. */
function digitAt(text: string, i: number): number {
  const code = text.charCodeAt(i);
  return code < 58 ? code - 48 : code - 87;
}
