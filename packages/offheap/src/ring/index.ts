// offheap/ring: messages between workers.

export { type Message, Ring, type RingHandle, type RingOptions, type WaitOptions } from "./ring.ts";
