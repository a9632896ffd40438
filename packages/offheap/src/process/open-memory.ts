// openMemory: a file as a memory, for a heap that its user makes or joins.

import type { MemorySource, WasmMemory } from "../memory/index.ts";
import type { FileHeader } from "./header.ts";
import { heapIn } from "./heap-in.ts";
import { openFile } from "./open-file.ts";
import { checkOpenMemory, type OpenMemoryOptions } from "./options.ts";
import { noHeapFile } from "./refusals.ts";

/**
 * A memory that shows a file, for this process: a heap is made in it by `new MemoryPool({ memory, offset: heapOffset })`, and
 * joined by `MemoryPool.attach(handleIn(memory))`; who does which is its users' to settle. Without the file it is made, of
 * `bytes` for the heap, which are set aside at once.
 * @throws as `openHeap`
 */
export function openMemory(path: string, options: OpenMemoryOptions = {}): WasmMemory {
  const plan = checkOpenMemory(path, options);
  const { bytes, os, live = false } = plan;
  const { memory } = openFile(plan, {
    making: bytes === undefined ? undefined : { bytes, kind: "memory", live, format: () => undefined },
    expect: (header: FileHeader) => {
      if (bytes !== undefined && bytes !== header.bytes)
        throw noHeapFile(path, `it has ${header.bytes} bytes for a heap, and ${bytes} are asked for`);
      if (plan.live !== undefined && live !== header.live)
        throw noHeapFile(path, `its live is ${header.live}, and ${live} is asked for`);
    },
    heapIn: (mapped: MemorySource) => heapIn(mapped, os),
  });
  return memory as WasmMemory;
}
