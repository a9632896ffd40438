// Moves every spark in the table, and frees those whose life is over: objects that it never allocated.

import { SlabAllocator } from "/offheap/index.js";
import { field, tableLength } from "/sparks.js";

const tickMilliseconds = 16;
const gravity = 0.0001;

self.onmessage = ({ data: { handle, table } }) => {
  const heap = SlabAllocator.attach(handle);
  postMessage(heap.workerId);
  const timer = setInterval(() => {
    for (let at = table / 4; at < table / 4 + tableLength; at++) {
      const address = Atomics.load(heap.i32, at);
      if (address === 0 || move(heap.f32, address / 4)) continue;
      Atomics.store(heap.i32, at, 0);
      heap.deallocate(address);
    }
  }, tickMilliseconds);
  self.onmessage = () => {
    clearInterval(timer);
    heap.detach();
    postMessage("stopped");
  };
};

/** One step of a spark; false when its life is over. */
function move(f32, at) {
  const place = at + field.places + 2 * (f32[at + field.age] % f32[at + field.trail]);
  f32[place] = f32[at + field.x];
  f32[place + 1] = f32[at + field.y];
  f32[at + field.x] += f32[at + field.dx];
  f32[at + field.y] += f32[at + field.dy];
  f32[at + field.dx] *= 0.985;
  f32[at + field.dy] = f32[at + field.dy] * 0.985 + gravity;
  f32[at + field.age]++;
  return f32[at + field.age] < f32[at + field.life];
}
