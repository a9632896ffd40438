// A memory over which a file is laid: all but its first page, which is this process's own.

import { AllocatorError, type ProcessCalls, show } from "../base/index.ts";
import { fileHeaderAt, sharedHeapAt } from "../layout/index.ts";
import { bufferOf, type MemorySource, memoryKindOf, reserveMemory } from "../memory/index.ts";
import type { Plan } from "./options.ts";

/** A memory that shows the file: its header, and so many bytes of a heap. @throws ERR_OS_UNAVAILABLE, after `undo` */
export function mapFile(
  { calls, path }: Plan,
  descriptor: number,
  heapBytes: number,
  undo?: () => void,
): MemorySource {
  const memory = reserveMemory("shared", sharedHeapAt + heapBytes);
  const isWasm = memoryKindOf(memory) === "WebAssembly.Memory";
  if (
    isWasm &&
    calls.map(bufferOf(memory), fileHeaderAt, sharedHeapAt - fileHeaderAt + heapBytes, descriptor)
  )
    return memory;
  const why = isWasm
    ? "its file system does not let it be mapped"
    : "the engine refuses a WebAssembly.Memory of this size";
  undo?.();
  throw new AllocatorError("ERR_OS_UNAVAILABLE", `the heap's file ${show(path)}: ${why}`);
}

/**
 * From now on the memory shows zeros. On Linux what is mapped keeps the file's locks, whoever closes the descriptor: they say that
 * somebody may write.
 */
export function letGo(calls: ProcessCalls, memory: MemorySource): boolean {
  const buffer = bufferOf(memory);
  return calls.unmap(buffer, fileHeaderAt, buffer.byteLength - fileHeaderAt);
}
