// Run by Jest, in its `node` environment: this file and the library are of one realm, what comes from a worker, and the
// host's own modules, of another.

import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, test } from "@jest/globals";
import { AllocatorError, MemoryPool, SlabAllocator } from "offheap";

const options = { capacity: 2 << 20, maxWorkers: 3 };
const peer = fileURLToPath(new URL("./peer.mjs", import.meta.url));

/** A worker outside of Jest's realm, asked and answered once at a time. */
function withPeer(use) {
  const worker = new Worker(peer, { execArgv: [] });
  const ask = (message) =>
    new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.postMessage(message);
    });
  return use(ask, worker).finally(() => worker.terminate());
}

for (const Allocator of [SlabAllocator, MemoryPool]) {
  const { name } = Allocator;

  test(`${name}: a handle from a worker joins its heap, and objects go both ways`, () =>
    withPeer(async (ask) => {
      const { handle, address } = await ask({ make: name, options });
      const heap = Allocator.attach(handle);
      expect(heap.u8.subarray(address, address + 100).every((byte) => byte === 7)).toBe(true);
      heap.deallocate(address);
      const back = heap.allocate(100);
      heap.u8.fill(9, back, back + 100);
      expect(await ask({ check: back, value: 9 })).toEqual({ violations: [], right: true });
      expect(heap.check()).toEqual([]);
    }));

  test(`${name}: a handle from here is joined by a worker`, () =>
    withPeer(async (ask) => {
      const heap = new Allocator(options);
      const { address } = await ask({ join: name, handle: heap.handle });
      expect(heap.u8.subarray(address, address + 100).every((byte) => byte === 7)).toBe(true);
      heap.deallocate(address);
      expect(heap.check()).toEqual([]);
    }));

  test(`${name}: memories of this realm and of a worker's are taken`, () =>
    withPeer(async (ask) => {
      const { memory } = await ask({ memory: options.capacity });
      const memories = ["local", new SharedArrayBuffer(options.capacity), new ArrayBuffer(options.capacity)];
      for (const given of [memory, ...memories]) {
        const heap = new Allocator({ ...options, memory: given });
        heap.deallocate(heap.allocate(64));
        expect(heap.check()).toEqual([]);
      }
    }));
}

test("errors are told by class and by code", () => {
  const heap = new SlabAllocator(options);
  expect(() => heap.allocate(0)).toThrow(AllocatorError);
  expect(() => heap.allocate(0)).toThrow(expect.objectContaining({ code: "ERR_INVALID_SIZE" }));
  expect(new MemoryPool(options).asMalloc().malloc(2 ** 31)).toBe(0);
});

test("the realms are two, or none of this shows anything", () =>
  withPeer(async (ask) => {
    const { handle } = await ask({ make: "SlabAllocator", options });
    expect(handle.memory instanceof WebAssembly.Memory && handle instanceof Object).toBe(false);
  }));
