// What a worker is told when it starts: where to join, and how it is to die unless it is killed before.

import type { HeapHandle } from "offheap";

export type Ending =
  | "terminate" // by the main thread, at any instruction
  | "exit" // process.exit in the middle of a step
  | "throw" // an exception that nothing catches
  | "leave"; // detach, and a quiet end

export interface Plan {
  readonly handle: HeapHandle;
  readonly ledger: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly seat: number;
  readonly seed: number;
  readonly ending: Ending;
  /** The step of its own protocol at which it ends, where it ends by itself. */
  readonly lastStep: number;
  /** Sizes that it asks for. */
  readonly sizes: readonly number[];
}

/** The message of an exception that was planned. */
export const plannedMessage = "the storm planned this end";
