// The worker of realms.mjs. Its messages are read in the main thread's realm, which is not that of Jest's tests.

import { parentPort } from "node:worker_threads";
import { MemoryPool, SlabAllocator } from "offheap";

const allocators = { MemoryPool, SlabAllocator };
let heap;

function filled() {
  const address = heap.allocate(100);
  heap.u8.fill(7, address, address + 100);
  return address;
}

parentPort.on("message", ({ make, join, handle, options, memory, check, value }) => {
  if (make !== undefined) {
    heap = new allocators[make](options);
    parentPort.postMessage({ handle: heap.handle, address: filled() });
  } else if (join !== undefined) {
    heap = allocators[join].attach(handle);
    parentPort.postMessage({ address: filled() });
  } else if (memory !== undefined) {
    const pages = memory / 65_536;
    const made = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    parentPort.postMessage({ memory: made });
  } else {
    const right = heap.u8.subarray(check, check + 100).every((byte) => byte === value);
    heap.deallocate(check);
    parentPort.postMessage({ violations: heap.check(), right });
  }
});
