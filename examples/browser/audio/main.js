// The page: makes the heap and the ring, starts the maker and the player, and says what came out. With `?mute` the sound
// goes nowhere, at the same pace: for machines without a loudspeaker.

import { MemoryPool } from "offheap";
import { Ring } from "offheap/ring";

const element = (id) => document.getElementById(id);
const seconds = 2;
const blockFrames = 128;

if (crossOriginIsolated) element("play").onclick = play;
else element("not-isolated").hidden = false;

async function play() {
  element("play").disabled = true;
  element("outcome").textContent = "playing";
  const isMute = location.search === "?mute";
  const context = new AudioContext(isMute ? { sinkId: { type: "none" } } : {});
  await context.audioWorklet.addModule("/audio/player.js");
  const heap = new MemoryPool({ capacity: 4 * 2 ** 20, maxWorkers: 4 });
  // 64 blocks are a fifth of a second: what the maker is ahead.
  const ring = new Ring(heap, { capacity: 64 });
  const orders = { heap: heap.handle, ring: ring.handle };
  const maker = new Worker("/audio/maker.js", { type: "module" });
  const blocks = Math.ceil((seconds * context.sampleRate) / blockFrames);
  const isReady = said(maker);
  maker.postMessage({ ...orders, blocks, sampleRate: context.sampleRate });
  await isReady;
  const player = new AudioWorkletNode(context, "player", {
    numberOfInputs: 0,
    outputChannelCount: [1],
    processorOptions: orders,
  });
  const isOver = said(player.port);
  const hasEnded = said(maker);
  player.connect(context.destination);
  await context.resume();
  const { received, underruns, astray } = await isOver;
  await hasEnded;
  await context.close();
  ring.destroy();
  const order = astray === 0 ? "in order" : `${astray} out of order`;
  const state = `${heap.stats().liveObjects} objects live, ${heap.check().length} violations`;
  element("outcome").textContent =
    `${received} of ${blocks} blocks, ${order}, ${underruns} underruns; ${state}`;
  heap.destroy();
  element("play").disabled = false;
}

/** The next word of a worker, or of a worklet's port. */
function said(port) {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }) => resolve(data);
    port.onerror = (event) => reject(new Error(event.message));
  });
}
