// The handle: what is posted to another worker, and what a value must have to be one.

import { AllocatorError, show } from "../base/index.ts";
import { chunkBytes, layoutVersion } from "../layout/index.ts";
import {
  bufferOf,
  type CompiledCore,
  compiledCore,
  type Heap,
  isMemorySource,
  isShared,
  lacksIsolation,
  type MemorySource,
  takeCompiled,
} from "../memory/index.ts";

/** Posted to a worker, which attaches with it. Structured-cloneable. */
export interface HeapHandle {
  readonly kind: "offheap";
  readonly version: number;
  readonly memory: MemorySource;
  /** Byte offset of the heap in the memory. */
  readonly offset: number;
  /** The compiled core, which a worker then need not compile. */
  readonly core?: CompiledCore;
}

/** @throws ERR_INVALID_OPTION where no other worker could use it */
export function handleOf({ source, offset, core }: Heap): HeapHandle {
  if (!isShared(source))
    throw new AllocatorError("ERR_INVALID_OPTION", "a heap in memory that is not shared has no handle");
  if (lacksIsolation())
    throw new AllocatorError(
      "ERR_INVALID_OPTION",
      "this page is not cross-origin isolated: its shared memory cannot be posted to a worker",
    );
  const compiled = compiledCore(core.engine);
  const handle: HeapHandle = { kind: "offheap", version: layoutVersion, memory: source, offset };
  return compiled === undefined ? handle : { ...handle, core: compiled };
}

export function incompatible(why: string): AllocatorError {
  return new AllocatorError("ERR_INCOMPATIBLE_HEAP", `not a heap this library can attach to: ${why}`);
}

/** What was probably meant by something that is no handle. */
function mistaken(given: object): string {
  if (isMemorySource(given))
    return "the handle is a memory: pass the handle of the allocator that made the heap";
  const { allocate, handle } = given as { readonly allocate?: unknown; readonly handle?: unknown };
  if (typeof allocate === "function")
    return "the handle is an allocator: pass its handle, attach(heap.handle)";
  if (handle !== undefined) return "the handle is an object that has one: pass that";
  return `the handle's kind is ${show((given as { readonly kind?: unknown }).kind)}`;
}

/** @throws ERR_INCOMPATIBLE_HEAP */
export function checkHandle(handle: unknown): { memory: MemorySource; offset: number } {
  if (typeof handle !== "object" || handle === null) throw incompatible(`the handle is ${show(handle)}`);
  const { kind, version, memory, offset, core } = handle as { readonly [K in keyof HeapHandle]: unknown };
  if (kind !== "offheap") throw incompatible(mistaken(handle));
  if (version !== layoutVersion) throw incompatible(`the handle is of layout version ${show(version)}`);
  if (!isMemorySource(memory))
    throw incompatible("the handle has no memory: it is passed by workerData or postMessage, not as JSON");
  const valid =
    typeof offset === "number" && Number.isInteger(offset) && offset >= 0 && offset % chunkBytes === 0;
  if (!valid || offset + chunkBytes > bufferOf(memory).byteLength) {
    throw incompatible(`the handle's offset is ${show(offset)}`);
  }
  takeCompiled(core);
  return { memory, offset };
}
