// What a program on Node adds: worker threads, as Node's types declare them.

import { isMainThread, Worker, workerData } from "node:worker_threads";
import { type HeapHandle, SlabAllocator } from "offheap";
import { follow, main, use, useProcesses } from "./consumer.js";

if (isMainThread) {
  main();
  const opened = useProcesses(`offheap-${process.pid}.heap`);
  if (opened !== "new" && opened !== "ERR_OS_UNAVAILABLE") throw new Error(opened);
  const heap = new SlabAllocator({ capacity: 2 ** 24 });
  const worker = new Worker(new URL(import.meta.url), { workerData: heap.handle, execArgv: [] });
  follow(heap, worker);
  worker.once("exit", (code) => {
    if (code !== 0 || heap.check().length > 0) process.exitCode = 1;
    else console.log("consumer: all is well");
  });
} else {
  use(SlabAllocator.attach(workerData as HeapHandle));
}
