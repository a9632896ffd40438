// The block: how a memory of our own is made, and the views through which the books are reached.
// All views over the books are made here, so a test can wrap them and see every access.

import type { CoreInstance, Verbs } from "../../core/built/instance.js";
import { AllocatorError, alignDown, messageOf, show } from "../base/index.ts";
import { chunkBytes, maxCapacityBytes } from "../layout/index.ts";
import { type AtomicOps, hardwareAtomics } from "./atomics.ts";
import { bufferOf, lacksIsolation, type MemorySource, wasmNamespace } from "./kind.ts";

/** How the books are reached: plain views, and the atomics. A test swaps both. */
export interface Access {
  /** The books up to the state bytes, from the heap's start. */
  words(buffer: ArrayBufferLike, byteOffset: number, length: number): Int32Array;
  /** The same bytes, for the 64-bit worker words. */
  wide(buffer: ArrayBufferLike, byteOffset: number, length: number): BigInt64Array;
  /** The state bytes; or first the table of requests, of so many bytes. */
  states(buffer: ArrayBufferLike, byteOffset: number, length: number, tableBytes?: number): Uint8Array;
  readonly atomics: AtomicOps;
  /** How the core is to reach the memory, if not by itself. */
  readonly verbs?: (buffer: ArrayBufferLike) => Verbs;
  /** Makes the instance over those verbs; of the JavaScript if none is given. */
  readonly instance?: (verbs: Verbs) => CoreInstance;
}

export const hardwareAccess: Access = {
  words: (buffer, byteOffset, length) => new Int32Array(buffer, byteOffset, length),
  wide: (buffer, byteOffset, length) => new BigInt64Array(buffer, byteOffset, length),
  states: (buffer, byteOffset, length) => new Uint8Array(buffer, byteOffset, length),
  atomics: hardwareAtomics,
};

/**
 * Makes a memory: of WebAssembly, whose address is that of a page and whose buffer nobody can transfer; where the engine
 * refuses that, as under a limit on virtual memory, a buffer.
 */
function newMemory(kind: "shared" | "local", bytes: number): MemorySource {
  const wasm = wasmNamespace();
  const pages = bytes / chunkBytes;
  try {
    if (wasm !== undefined)
      return new wasm.Memory({ initial: pages, maximum: pages, shared: kind === "shared" });
  } catch {
    // The buffer's refusal, if there is one, is what the user is told.
  }
  return kind === "shared" ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
}

/** What may help where a memory was refused: in a browser that is its isolation, elsewhere a limit of the process. */
function hintFor(kind: "shared" | "local"): string {
  const isIsolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (isIsolated === undefined)
    return "a smaller capacity may help, or a higher limit on virtual memory (ulimit -v, the container)";
  const isolation = ', or cross-origin isolation, which memory: "local" does not need';
  return `a smaller capacity may help${kind === "shared" && !isIsolated ? isolation : ""}`;
}

/**
 * Reserves a memory of our own; the OS commits pages when they are touched.
 * @throws ERR_INVALID_OPTION where the engine has no shared memory, or refuses this much of it.
 */
export function reserveMemory(kind: "shared" | "local", bytes: number): MemorySource {
  if (kind === "shared" && lacksIsolation()) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      "this page is not cross-origin isolated, so no worker could join a shared heap: serve it with the headers " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, " +
        'or use memory: "local", for one thread',
    );
  }
  // Reservation is the one place where the engine itself refuses; its RangeError becomes ours.
  try {
    return newMemory(kind, bytes);
  } catch (cause) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `cannot reserve ${bytes} bytes of ${kind} memory: ${messageOf(cause)}; ${hintFor(kind)}`,
    );
  }
}

/** Checks `offset` against a memory and returns the most bytes, in 64 KiB steps, that a heap there can use. */
export function spaceAt(source: MemorySource, offset: unknown): number {
  const bytes = bufferOf(source).byteLength;
  if (typeof offset !== "number" || !Number.isInteger(offset) || offset < 0 || offset % chunkBytes !== 0) {
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `offset is a multiple of ${chunkBytes} bytes, got ${show(offset)}`,
    );
  }
  if (offset >= bytes) {
    const why = bytes === 0 ? " (was it transferred?)" : "";
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      `offset ${offset} is beyond the memory of ${bytes} bytes${why}`,
    );
  }
  // An address is below 2^32 wherever the heap begins.
  return alignDown(Math.min(bytes, maxCapacityBytes) - offset, chunkBytes);
}
