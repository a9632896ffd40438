// One worker thread that uses shared maps at random until it is told to stop, or killed.

import { parentPort, workerData } from "node:worker_threads";
import { type HeapHandle, MemoryPool, SlabAllocator } from "offheap";
import { type MapHandle, SharedMap } from "offheap/map";
import { Random } from "./random.ts";
import { Reader, textOf } from "./told-text.ts";

const firstOfFlood = 1000;
const flood = 2500;

export interface MapOrders {
  readonly handle: HeapHandle;
  readonly isPool: boolean;
  readonly seed: number;
  /** Its number among all workers that ever were. */
  readonly life: number;
  readonly texts: MapHandle;
  readonly sums: MapHandle;
  /** Not 0: stop. */
  readonly control: Int32Array;
  /** How often each life has surely added to each sum. */
  readonly added: Int32Array;
  readonly keyCount: number;
}

function work({ handle, isPool, seed, life, texts, sums, control, added, keyCount }: MapOrders): void {
  const heap = (isPool ? MemoryPool : SlabAllocator).attach(handle);
  const random = new Random(seed);
  const map = SharedMap.attach(heap, texts);
  const sum = SharedMap.attach<"integer", "f64">(heap, sums);
  const reader = new Reader();
  parentPort?.postMessage(heap.workerId);
  for (let step = 0; Atomics.load(control, 0) === 0; step++) {
    const key = `key ${random.below(keyCount)}`;
    const dice = random.below(100);
    if (dice < 30) {
      const text = map.get(key);
      if (text !== undefined) reader.see(key, text);
    } else if (dice < 55) map.set(key, textOf(key, life, step));
    else if (dice < 65) map.insert(key, textOf(key, life, step));
    else if (dice < 80) map.delete(key);
    else if (dice < 98) {
      const at = random.below(4);
      sum.increment(at);
      const told = life * 4 + at;
      added[told] = (added[told] as number) + 1;
    } else if (random.chance(5)) for (const [its, text] of map) reader.see(its, text);
    else if (random.chance(20)) ebb(sum, random.chance(50));
  }
  heap.detach();
}

/** Keys that nobody else asks for come and go, so that buckets are opened and closed. */
function ebb(sum: SharedMap<"integer", "f64">, isFlood: boolean): void {
  for (let key = firstOfFlood; key < firstOfFlood + flood; key++)
    if (isFlood) sum.set(key, 1);
    else sum.delete(key);
}

if (parentPort !== null && workerData !== null) work(workerData as MapOrders);
