// Whether files can be shared here: one is laid over a memory of WebAssembly, and looked at from both sides. Nothing is done to a
// descriptor before the kernel has been seen to know it by the host's number: it could be anybody's.

import type { ProcessCalls } from "../base/index.ts";
import type { Native } from "./native.ts";

/** An empty file that no other process knows. */
export interface TrialFile {
  /** Opens it once more, by the host's own call. @throws what the system refuses */
  open(): number;
  /** It goes with the last descriptor of it. */
  end(): void;
}

interface WasmNamespace {
  readonly Memory: new (descriptor: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => { readonly buffer: ArrayBufferLike };
}

const markBytes = 16;

/** Why files cannot be shared; undefined when they can. */
export function tryOut(native: Native, calls: ProcessCalls, file: TrialFile): string | undefined {
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly?: WasmNamespace };
  try {
    if (wasm === undefined) return "there is no WebAssembly, over whose memory a file could be laid";
    const { buffer } = new wasm.Memory({ initial: 1, maximum: 1, shared: true });
    const opened = <T>(use: (descriptor: number) => T): T => openedFor(calls, file, use);
    const kept = opened((descriptor) => keepKnown(native, calls, descriptor));
    if (typeof kept === "string") return kept;
    const why = opened((descriptor) => tryMap(calls, buffer, descriptor)) ?? tryLocks(calls, opened, kept);
    calls.unmap(buffer, 0, buffer.byteLength);
    calls.drop(kept);
    return why;
  } finally {
    file.end();
  }
}

function openedFor<T>(calls: ProcessCalls, file: TrialFile, use: (descriptor: number) => T): T {
  const descriptor = file.open();
  try {
    return use(descriptor);
  } finally {
    calls.close(descriptor);
  }
}

/** A descriptor to keep, of the file that the host means by its own; or why there is none. */
function keepKnown(native: Native, calls: ProcessCalls, descriptor: number): number | string {
  const kept = calls.keep(descriptor);
  if (typeof kept !== "number") return "fcntl duplicated no descriptor of the host's node:fs in a trial";
  if (isKnown(native, calls, descriptor, kept)) return kept;
  calls.drop(kept);
  return "the host's node:fs has descriptors of its own, which the kernel does not know";
}

/** Whether what the host writes to its descriptor is what the kernel reads from its own. */
function isKnown(native: Native, calls: ProcessCalls, descriptor: number, kept: number): boolean {
  const pread = native.bind("pread", ["int", "pointer", "size", "size"]);
  const mark = Uint8Array.from({ length: markBytes }, () => Math.floor(Math.random() * 256));
  const seen = new Uint8Array(new ArrayBuffer(markBytes));
  if (calls.write(descriptor, mark) !== undefined) return false;
  pread(kept, native.addressOf(seen.buffer), BigInt(markBytes), 0n);
  return mark.every((byte, i) => seen[i] === byte);
}

function tryMap(calls: ProcessCalls, buffer: ArrayBufferLike, descriptor: number): string | undefined {
  const [bytes, seen] = [new Uint8Array(buffer), new Uint8Array(2)];
  const refusal = calls.reserve(descriptor, buffer.byteLength);
  if (refusal !== undefined) return `space for a file was refused in a trial: ${refusal.message}`;
  if (!calls.map(buffer, 0, buffer.byteLength, descriptor))
    return "mmap over a WebAssembly.Memory was refused in a trial";
  bytes.set([7, 5]);
  calls.read(descriptor, seen);
  calls.write(descriptor, new Uint8Array([9]));
  return seen[0] === 7 && seen[1] === 5 && bytes[0] === 9
    ? undefined
    : "a file laid over a WebAssembly.Memory did not show its bytes in a trial";
}

/** A lock is seen by who opens the file apart, and outlives every other descriptor of the file. */
function tryLocks(
  calls: ProcessCalls,
  opened: (use: (descriptor: number) => boolean) => boolean,
  kept: number,
): string | undefined {
  if (!calls.lock(kept, 1) || calls.isLocked(kept, 1))
    return "locks of an open file description were refused in a trial";
  const isSeen = opened((other) => calls.isLocked(other, 1) && !calls.lock(other, 1));
  const isSeenStill = opened((other) => calls.isLocked(other, 1));
  return isSeen && isSeenStill ? undefined : "a lock was not held in a trial as long as its descriptor";
}
