// A process of its own for what the OS says of it: allocates 512 MiB, frees all of it, and prints what was in
// memory at each step. Arguments: bytes of an object, and "huge" for huge pages.

import { readFileSync } from "node:fs";
import { SlabAllocator } from "offheap";
import { loadOs } from "offheap/os";

const [, , sizeText, pages] = process.argv;
const size = Number(sizeText);
const mib = 2 ** 20;
const heap = new SlabAllocator({
  capacity: 1024 * mib,
  maxWorkers: 4,
  os: loadOs(),
  hugePages: pages === "huge",
});

function residentOfProcess(): number {
  for (let i = 0; i < 3; i++) (globalThis as { gc?: () => void }).gc?.();
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kib) * 1024;
}

/** Objects of so many bytes, each page of each touched, chained through their first word. */
function allocate(bytes: number): number {
  let last = 0;
  for (let done = 0; done < bytes; done += size) {
    const address = heap.allocate(size);
    for (let at = 0; at < size; at += 4096) heap.u8[address + at] = 1;
    heap.u32[address / 4] = last / 8;
    last = address;
  }
  return last;
}

function free(last: number): void {
  for (let address = last; address !== 0; ) {
    const next = (heap.u32[address / 4] as number) * 8;
    heap.deallocate(address);
    address = next;
  }
}

// The code is compiled, and the collector's own heap has its size, before anything is measured.
for (let round = 0; round < 4; round++) {
  free(allocate((round === 0 ? 512 : 64) * mib));
  heap.residency();
  heap.cleanup({ all: true });
  heap.stats();
  residentOfProcess();
}
const before = residentOfProcess();
const objects = allocate(512 * mib);
const full = residentOfProcess();
const { hugeBytes } = heap.stats();
const whenFull = heap.residency();
free(objects);
const freed = residentOfProcess();
const { decommittedBytes } = heap.cleanup({ all: true });
const after = residentOfProcess();
const whenFree = heap.residency();
const violations = heap.check().length;
// What destroy gives back is told apart from what the collector's own heap grows by meanwhile.
allocate(64 * mib);
const again = residentOfProcess();
heap.destroy();
console.log(
  JSON.stringify({
    before,
    full,
    freed,
    after,
    decommittedBytes,
    hugeBytes,
    whenFull,
    whenFree,
    violations,
    again,
    destroyed: residentOfProcess(),
  }),
);
