// Allocates sparks, writes them, and puts their addresses into the table. What it allocates, another worker frees.

import { SlabAllocator } from "/offheap/index.js"; // workers know nothing of the page's import map
import { field, sparkBytes, tableLength } from "/sparks.js";

const tickMilliseconds = 16;
const sparksInBurst = 70;

self.onmessage = ({ data: { handle, table } }) => {
  const heap = SlabAllocator.attach(handle);
  postMessage(heap.workerId);
  let tick = 0;
  const timer = setInterval(() => {
    tick++;
    if (tick % 5 === 0) burst(heap, table);
  }, tickMilliseconds);
  self.onmessage = () => {
    clearInterval(timer);
    heap.detach();
    postMessage("stopped");
  };
};

function burst(heap, table) {
  const [x, y, hue] = [0.1 + 0.8 * Math.random(), 0.1 + 0.5 * Math.random(), 360 * Math.random()];
  let left = sparksInBurst;
  for (let at = table / 4; at < table / 4 + tableLength && left > 0; at++) {
    if (Atomics.load(heap.i32, at) !== 0) continue;
    const address = makeSpark(heap, x, y, hue);
    // The hand-over: from here on the spark is the other worker's.
    Atomics.store(heap.i32, at, address);
    left--;
  }
}

function makeSpark(heap, x, y, hue) {
  const trail = 5 + Math.floor(60 * Math.random() ** 3);
  const address = heap.allocate(sparkBytes(trail));
  const spark = heap.f32.subarray(address / 4, (address + sparkBytes(trail)) / 4);
  const [angle, speed] = [2 * Math.PI * Math.random(), 0.006 * Math.sqrt(Math.random())];
  spark[field.x] = x;
  spark[field.y] = y;
  spark[field.dx] = speed * Math.cos(angle);
  spark[field.dy] = speed * Math.sin(angle) - 0.002;
  spark[field.life] = 40 + 80 * Math.random();
  spark[field.hue] = hue + 40 * Math.random();
  spark[field.trail] = trail;
  spark[field.age] = 0;
  return address;
}
