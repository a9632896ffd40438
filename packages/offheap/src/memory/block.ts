// The block: one memory, ours or someone else's, and the views through which the books are reached.
// All views over the books are made here, so a test can wrap them and see every access.

import type { Verbs } from "../../core/built/instance.js";
import { alignDown } from "../base/bits.ts";
import { AllocatorError, show } from "../base/errors.ts";
import { type AtomicOps, hardwareAtomics } from "./atomics.ts";
import { chunkBytes, maxCapacityBytes } from "./layout.ts";

/** What this library needs of a WebAssembly.Memory; written out so that no lib declares it for us. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  grow(deltaPages: number): number;
}

export type MemorySource = WasmMemory | SharedArrayBuffer | ArrayBuffer;

interface WasmNamespace {
  readonly Memory: new (descriptor: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
}

/** How the books are reached: plain views, and the atomics. A test swaps both. */
export interface Access {
  /** The books up to the state bytes, from the heap's start. */
  words(buffer: ArrayBufferLike, byteOffset: number, length: number): Int32Array;
  /** The same bytes, for the 64-bit worker words. */
  wide(buffer: ArrayBufferLike, byteOffset: number, length: number): BigInt64Array;
  /** The state bytes. */
  states(buffer: ArrayBufferLike, byteOffset: number, length: number): Uint8Array;
  /** The state bytes four at a time. */
  quads(buffer: ArrayBufferLike, byteOffset: number, length: number): Int32Array;
  readonly atomics: AtomicOps;
  /** How the core is to reach the memory, if not by itself. */
  readonly verbs?: (buffer: ArrayBufferLike) => Verbs;
}

export const hardwareAccess: Access = {
  words: (buffer, byteOffset, length) => new Int32Array(buffer, byteOffset, length),
  wide: (buffer, byteOffset, length) => new BigInt64Array(buffer, byteOffset, length),
  states: (buffer, byteOffset, length) => new Uint8Array(buffer, byteOffset, length),
  quads: (buffer, byteOffset, length) => new Int32Array(buffer, byteOffset, length),
  atomics: hardwareAtomics,
};

function wasmNamespace(): WasmNamespace | undefined {
  return (globalThis as { WebAssembly?: WasmNamespace }).WebAssembly;
}

export function isWasmMemory(value: unknown): value is WasmMemory {
  const wasm = wasmNamespace();
  return wasm !== undefined && value instanceof wasm.Memory;
}

export function isSharedBuffer(value: unknown): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer;
}

/** A proxy of a memory, or an object made from its prototype, passes `instanceof`; the engine refuses its use. */
function isGenuine(source: MemorySource): boolean {
  try {
    return bufferOf(source).byteLength >= 0;
  } catch {
    return false;
  }
}

export function isMemorySource(value: unknown): value is MemorySource {
  const isOne = isWasmMemory(value) || isSharedBuffer(value) || value instanceof ArrayBuffer;
  return isOne && isGenuine(value);
}

export function bufferOf(source: MemorySource): ArrayBuffer | SharedArrayBuffer {
  return isWasmMemory(source) ? source.buffer : source;
}

/** Whether other workers can join: only a shared buffer can be posted without being copied or moved. */
export function isShared(source: MemorySource): boolean {
  return isSharedBuffer(bufferOf(source));
}

/**
 * Reserves a memory of our own; the OS commits pages when they are touched.
 * @throws ERR_INVALID_OPTION where the engine has no shared memory, or refuses this much of it.
 */
export function reserveMemory(kind: "shared" | "local", bytes: number): MemorySource {
  const wasm = wasmNamespace();
  // Reservation is the one place where the engine itself refuses; its RangeError becomes ours.
  try {
    if (kind === "local") return new ArrayBuffer(bytes);
    const pages = bytes / chunkBytes;
    if (wasm !== undefined) return new wasm.Memory({ initial: pages, maximum: pages, shared: true });
    return new SharedArrayBuffer(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const hint = kind === "shared" ? ' (browsers need cross-origin isolation; memory: "local" does not)' : "";
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `cannot reserve ${bytes} bytes of ${kind} memory: ${why}${hint}`,
    );
  }
}

/** Checks `offset` against a memory and returns the most bytes, in 64 KiB steps, that a heap there can use. */
export function roomAt(source: MemorySource, offset: unknown): number {
  const bytes = bufferOf(source).byteLength;
  if (typeof offset !== "number" || !Number.isInteger(offset) || offset < 0 || offset % chunkBytes !== 0) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `offset is a multiple of 65536 bytes, got ${show(offset)}`,
    );
  }
  if (offset >= bytes) {
    throw new AllocatorError("ERR_INVALID_OPTION", `offset ${offset} is beyond the memory of ${bytes} bytes`);
  }
  // An address is below 2^32 wherever the heap begins.
  return alignDown(Math.min(bytes, maxCapacityBytes) - offset, chunkBytes);
}
