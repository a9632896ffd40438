// Makes the sound: blocks of samples, each an object of the heap that goes to the player. May wait, and does when the ring is full.

import { MemoryPool } from "/offheap/index.js"; // workers know nothing of the page's import map
import { Ring } from "/offheap/ring/index.js";

const blockFrames = 128;
const blockBytes = 4 * blockFrames;
const notes = [220, 277.18, 329.63, 440];
const noteSeconds = 0.25;

self.onmessage = ({ data }) => {
  const heap = MemoryPool.attach(data.heap);
  const ring = Ring.attach(heap, data.ring);
  let isFirst = true;
  for (let block = 0; block < data.blocks; block++) {
    const address = heap.allocate(blockBytes);
    for (let i = 0; i < blockFrames; i++)
      heap.f32[address / 4 + i] = sampleAt((block * blockFrames + i) / data.sampleRate);
    while (!ring.send(address, blockBytes, block)) {
      // The player begins when it has some blocks ahead.
      if (isFirst) postMessage("ready");
      isFirst = false;
      ring.waitForSpace();
    }
  }
  ring.close();
  heap.detach();
  postMessage("ended");
};

/** One note after the other, each plucked. */
function sampleAt(time) {
  const since = time % noteSeconds;
  const pitch = notes[Math.floor(time / noteSeconds) % notes.length];
  return 0.3 * Math.exp(-8 * since) * Math.sin(2 * Math.PI * pitch * since);
}
