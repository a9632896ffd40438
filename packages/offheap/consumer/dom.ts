// What a page adds: its own kind of worker, and a WebAssembly.Memory as the DOM library declares it.

import { type HeapHandle, SlabAllocator } from "offheap";
import { bytesOf, use } from "./consumer.js";

export function share(worker: Worker): void {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 256, shared: true });
  const heap = new SlabAllocator({ memory });
  if (use(heap) !== 0) throw new Error(`something is left of ${bytesOf(memory)} bytes`);
  worker.postMessage(heap.handle);
}

addEventListener("message", ({ data }: MessageEvent<HeapHandle>) => {
  use(SlabAllocator.attach(data));
});
