// offheap/ring: messages between workers.

export type { WaitOptions } from "./arguments.ts";
export type { RingOptions } from "./place.ts";
export type { Message, Outgoing } from "./list.ts";
export { Ring, type RingHandle } from "./ring.ts";
