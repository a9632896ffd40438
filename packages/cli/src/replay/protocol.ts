// What the command and its workers say to each other. A worker answers every command with one reply.

import type { Stream } from "../stream.ts";

export interface WorkerSetup {
  readonly adapterUrl: string;
  readonly handle: unknown;
  readonly stream: Stream;
  readonly index: number;
  readonly workers: number;
  /** Whether the timed passes read an object's first word before they free it. */
  readonly verify: boolean;
  /** One entry a worker: operations done since its start. Written by that worker alone. */
  readonly progress: Float64Array<SharedArrayBuffer>;
}

/** `word`: the first word of each object is written, which is timed. `whole`: every word of it. */
export type Fill = "word" | "whole";

export type Command =
  /** Replays the operations `[from, to)` of the stream. */
  | { readonly name: "run"; readonly fill: Fill; readonly from: number; readonly to: number }
  /** Frees what is live at the end of the stream, so that the next pass begins with nothing. */
  | { readonly name: "release"; readonly fill: Fill }
  /** Detaches from the heap and ends the worker. */
  | { readonly name: "leave" };

export type Reply =
  | { readonly name: "done"; readonly nanoseconds: number }
  | { readonly name: "wrong"; readonly violation: FillViolation }
  | { readonly name: "failed"; readonly code: string | undefined; readonly message: string };

/** An object did not hold any more what its owner had written. */
export interface FillViolation {
  readonly worker: number;
  readonly fill: Fill;
  /** The operations in which it was found: `[from, to)` of the stream, or its length when all was freed at the end. */
  readonly from: number;
  readonly to: number;
  /** Known when the whole object is compared. */
  readonly address: number | undefined;
}
