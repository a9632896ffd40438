// What a program on Node adds: worker threads, and a WebAssembly.Memory as Node's types declare it.

import { isMainThread, Worker, workerData } from "node:worker_threads";
import { type HeapHandle, SlabAllocator } from "offheap";
import { main, use } from "./consumer.js";

if (isMainThread) {
  main();
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 256, shared: true });
  const heap = new SlabAllocator({ memory });
  const worker = new Worker(new URL(import.meta.url), { workerData: heap.handle, execArgv: [] });
  heap.track(worker);
  worker.once("exit", (code) => {
    if (code !== 0 || heap.check().length > 0) process.exitCode = 1;
    else console.log("consumer: all is well");
  });
} else {
  use(SlabAllocator.attach(workerData as HeapHandle));
}
