// The end of a heap for everyone. Its header stays, for it tells the other workers.

import { chunkBytes, header } from "../layout/index.ts";
import { bufferOf, type Heap, heapStatus } from "../memory/index.ts";

/** Each worker's next call is told: without a map no address has a slab and no round a class. */
export function endHeap({ words, layout, atomics }: Heap): void {
  atomics.store(words, header.status, heapStatus.destroyed);
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) words[layout.mapAt + chunk] = 0;
}

/** With an `os` all but the first chunk goes back to it. */
export function giveBackMemory({ os, source, offset, layout }: Heap): void {
  if (os?.decommit.available === true)
    os.decommitRange(bufferOf(source), offset + chunkBytes, layout.capacityBytes - chunkBytes);
}
