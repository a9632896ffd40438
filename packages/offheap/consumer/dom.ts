// What a page adds: its own kind of worker, and a WebAssembly.Memory as the DOM library declares it.

import { type HeapHandle, SlabAllocator } from "offheap";
import { use } from "./consumer.js";

export function share(worker: Worker): void {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 256, shared: true });
  const heap = new SlabAllocator({ memory });
  use(heap);
  worker.postMessage(heap.handle);
}

addEventListener("message", ({ data }: MessageEvent<HeapHandle>) => {
  use(SlabAllocator.attach(data));
});
