// Messages there and back between two workers, through rings: objects that change hands.

import type { HeapHandle } from "offheap";
import type { RingHandle } from "offheap/ring";
import { equal, isWhole } from "../expect.ts";
import type { Scenarios } from "../harness.ts";
import type { Job } from "../host.ts";

const messageCount = 5_000;

interface Orders {
  readonly handle: HeapHandle;
  readonly there: RingHandle;
  readonly back: RingHandle;
  /** What `offheap/ring` is to an `import`. */
  readonly specifier: string;
}

type Rings = typeof import("offheap/ring");

export const jobs: Record<string, Job> = {
  /** Sends each object back, a number in it greater by 1. */
  "rings: return": async ({ MemoryPool }, port, data) => {
    const { handle, there, back, specifier } = data as Orders;
    const { Ring } = (await import(specifier)) as Rings;
    const heap = MemoryPool.attach(handle);
    const [from, to] = [Ring.attach(heap, there), Ring.attach(heap, back)];
    for await (const { address, length, tag } of from) {
      heap.u32[address / 4] = (heap.u32[address / 4] as number) + 1;
      while (!to.send(address, length, tag)) await to.space();
    }
    to.close();
    heap.detach();
    port.post("detached");
  },
};

export const scenarios: Scenarios = {
  "offheap/ring: 5,000 messages there and back, in their order": async ({ library, osSpecifier, start }) => {
    const specifier = osSpecifier.replace(/\bos\b/, "ring");
    const { Ring } = (await import(specifier)) as Rings;
    const heap = new library.MemoryPool({ capacity: 16 * 2 ** 20 });
    const [there, back] = [new Ring(heap, { capacity: 64 }), new Ring(heap, { capacity: 64 })];
    const orders: Orders = { handle: heap.handle, there: there.handle, back: back.handle, specifier };
    const worker = await start("rings: return", orders);
    let [sent, received] = [0, 0];
    while (received < messageCount) {
      while (sent < messageCount) {
        const address = heap.allocate(8 + (sent % 500));
        heap.u32[address / 4] = sent * 2;
        if (!there.send(address, 4, sent)) {
          heap.deallocate(address);
          break;
        }
        sent++;
      }
      const message = back.receive();
      if (message === undefined) {
        await back.ready({ timeout: 1000 });
        continue;
      }
      const { address, length, tag } = message;
      equal(
        [length, tag, heap.u32[address / 4]],
        [4, received, received * 2 + 1],
        "a message that came back",
      );
      heap.deallocate(address);
      received++;
    }
    there.close();
    equal(await worker.next(), "detached", "the last word of the worker");
    equal(back.isClosed, true, "whether the worker closed its ring");
    there.destroy();
    back.destroy();
    isWhole(heap);
    heap.destroy();
  },
};
