// One worker thread that freezes shared maps, and reads and changes them, until it is told to stop, or killed.

import { parentPort, workerData } from "node:worker_threads";
import { AllocatorError, type HeapHandle, MemoryPool, SlabAllocator } from "offheap";
import { type MapHandle, SharedMap } from "offheap/map";
import { Random } from "./random.ts";
import { Reader, textOf } from "./told-text.ts";

export interface FreezeOrders {
  readonly handle: HeapHandle;
  readonly isPool: boolean;
  readonly seed: number;
  /** Its number among all workers that ever were. */
  readonly life: number;
  readonly maps: readonly MapHandle[];
  readonly keyCount: number;
  /** Not 0: stop. */
  readonly control: Int32Array;
}

function work({ handle, isPool, seed, life, maps, keyCount, control }: FreezeOrders): void {
  const heap = (isPool ? MemoryPool : SlabAllocator).attach(handle);
  const random = new Random(seed);
  const all = maps.map((each) => SharedMap.attach(heap, each));
  const readers = all.map(() => new Reader());
  parentPort?.postMessage(heap.workerId);
  for (let step = 0; Atomics.load(control, 0) === 0; step++) {
    // Maps are frozen one after the other, so that some are yet to be while others are.
    const at = Math.min(Math.floor(life / 2) + random.below(3), all.length - 1);
    const map = all[at] as SharedMap;
    const key = `key ${random.below(keyCount)}`;
    const dice = random.below(1000);
    if (dice < 20) map.freeze();
    else if (dice < 25) for (const [its, text] of map) (readers[at] as Reader).see(its, text);
    else if (dice < 500) {
      const text = map.get(key);
      if (text === undefined) throw new Error(`${key} is gone`);
      (readers[at] as Reader).see(key, text);
    } else setUnlessFrozen(map, key, textOf(key, life, step));
  }
  heap.detach();
}

/** @throws what is not said of a map that is frozen */
function setUnlessFrozen(map: SharedMap, key: string, text: string): void {
  try {
    map.set(key, text);
  } catch (error) {
    if (!(error instanceof AllocatorError && error.code === "ERR_INVALID_OPTION" && map.isFrozen))
      throw error;
    if (map.get(key) === text) throw new Error(`${key}: a set was refused, and took place`);
  }
}

if (parentPort !== null && workerData !== null) work(workerData as FreezeOrders);
