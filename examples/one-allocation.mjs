// One object: allocate, write, read, give back.

import { SlabAllocator } from "offheap";

const heap = new SlabAllocator({ capacity: 16 * 2 ** 20 });

const point = heap.allocate(16); // an address: a byte offset into the memory
heap.f64[point / 8] = 3;
heap.f64[point / 8 + 1] = 4;
console.log(`(${heap.f64[point / 8]}, ${heap.f64[point / 8 + 1]}) stands at address ${point}`);
console.log(`asked for 16 bytes, may use ${heap.sizeOf(point)}`);

heap.deallocate(point);
try {
  heap.deallocate(point);
} catch (error) {
  console.log(`freed twice: ${error.code}`);
}
heap.destroy();
