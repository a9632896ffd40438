// What a heap is worth after a death: a worker joins it, by which the dead one is reaped, and looks at all of it.
//
//   one worker · check() empty · live = what was live before the calls · usable = what was usable then: so live + usable = capacity

import { AllocatorError, MemoryPool, SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";
import { type handleIn, openHeap } from "offheap/process";
import { fillOffence, writeFill } from "../fill.ts";
import { endTheRest, type Heap, maxWorkers, type StepCase } from "./cases.ts";

export interface Worth {
  readonly live: number;
  readonly usable: number;
}

const objectBytes = 64;
const os = loadOs();

/** Makes a heap's file; whoever looks at it joins it anew each time. */
export function makeHeap(
  path: string,
  { kind, capacity }: StepCase,
  engine: "wasm" | "js",
): ReturnType<typeof handleIn> {
  const options = { capacity, maxWorkers, live: true, engine, os };
  const heap = kind === "pool" ? openHeap(path, { ...options, kind }) : openHeap(path, { ...options, kind });
  const { handle } = heap;
  heap.detach();
  return handle;
}

export function judge(
  handle: ReturnType<typeof handleIn>,
  { kind }: StepCase,
  engine: "wasm" | "js",
  expected: Worth | undefined,
  violate: (what: string) => void,
): Worth {
  const heap =
    kind === "pool"
      ? MemoryPool.attach(handle, { os, engine })
      : SlabAllocator.attach(handle, { os, engine });
  const { workers } = heap.stats();
  if (workers.length !== 1) violate(`${workers.length} workers are attached`);
  checkWhole(heap, violate);
  endTheRest(heap);
  heap.cleanup({ all: true });
  const live = heap.stats().liveObjects;
  const usable = usableOf(heap, violate);
  checkWhole(heap, violate);
  heap.detach();
  if (expected !== undefined && live !== expected.live)
    violate(`${live} objects are live, not ${expected.live}`);
  if (expected !== undefined && usable !== expected.usable)
    violate(`${usable} objects of ${objectBytes} bytes can be had, not ${expected.usable}`);
  return { live, usable };
}

function checkWhole(heap: Heap, violate: (what: string) => void): void {
  for (const { invariant, message } of heap.check()) violate(`${invariant}: ${message}`);
}

function usableOf(heap: Heap, violate: (what: string) => void): number {
  const objects: number[] = [];
  try {
    for (;;) {
      const address = heap.allocate(objectBytes);
      writeFill(heap.i32, address, objectBytes, address | 0);
      objects.push(address);
    }
  } catch (error) {
    if (!(error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY")) throw error;
  }
  for (const address of objects) {
    const offence = fillOffence(heap.i32, address, objectBytes, address | 0);
    if (offence !== undefined) violate(offence);
    heap.deallocate(address);
  }
  heap.cleanup({ all: true });
  return objects.length;
}
