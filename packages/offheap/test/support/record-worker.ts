// A thread that creates, reads and frees records, hands them to others through a mailbox of handles, until it is killed.

import { parentPort, workerData } from "node:worker_threads";
import { AllocatorError, type HeapHandle, MemoryPool, SlabAllocator } from "offheap";
import { bytes, f64, Records, type RecordsHandle, struct, u32 } from "offheap/records";
import { Random } from "./random.ts";

export interface RecordOrders {
  readonly heap: HeapHandle;
  readonly records: RecordsHandle;
  readonly isPool: boolean;
  readonly seed: number;
  /** A handle each; 0 is empty. Exchanged by atomics. */
  readonly mailbox: BigInt64Array;
}

export const Item = struct({ id: u32, twice: f64, fill: bytes(20) });

/** What is read of a record is what was set: its numbers belong together. */
export function checkItem({ id, twice, fill }: { id: number; twice: number; fill: Uint8Array }): void {
  if (twice !== id * 2 || fill.some((byte) => byte !== (id & 255)))
    throw new Error(`a record is not whole: ${id}, ${twice}, ${fill}`);
}

function run({ heap: handle, records: theirs, isPool, seed, mailbox }: RecordOrders): void {
  const heap = (isPool ? MemoryPool : SlabAllocator).attach(handle);
  const items = Records.attach(heap, theirs, Item);
  const random = new Random(seed);
  const own: number[] = [];
  parentPort?.postMessage(heap.workerId);
  const exchange = (given: number) =>
    Number(Atomics.exchange(mailbox, random.below(mailbox.length), BigInt(given)));
  const free = (item: number) => {
    checkItem(items.at(item));
    items.free(item);
  };
  for (;;) {
    const dice = random.below(10);
    if (dice < 5 && own.length < 500) {
      const id = random.word();
      try {
        own.push(items.create({ id, twice: id * 2, fill: new Uint8Array(20).fill(id & 255) }));
      } catch (error) {
        if (!(error instanceof AllocatorError) || error.code !== "ERR_OUT_OF_MEMORY") throw error;
      }
    } else if (dice < 8) {
      const item = own.pop();
      if (item === undefined) continue;
      items.publish(item);
      const received = exchange(item);
      if (received !== 0) free(received);
    } else {
      const item = own.shift();
      if (item !== undefined) free(item);
    }
  }
}

if (workerData !== null && typeof workerData === "object" && "mailbox" in workerData)
  run(workerData as RecordOrders);
