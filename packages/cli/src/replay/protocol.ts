// What the command and its workers say to each other. A worker answers every command with one reply.

import type { Stream } from "../stream.ts";

export interface WorkerSetup {
  readonly adapterUrl: string;
  readonly handle: unknown;
  readonly stream: Stream;
  readonly index: number;
  readonly workers: number;
  /** One entry a worker: operations done since its start. Written by that worker alone. */
  readonly progress: Float64Array<SharedArrayBuffer>;
}

/**
 * timed     the first word of each object is written
 * checked   and read again before the object is freed; timed, too, but apart
 * thorough  every word of it is written, and read again; not timed
 */
export type PassKind = "timed" | "checked" | "thorough";

export type Command =
  /** Replays the operations `[from, to)` of the stream. */
  | { readonly name: "run"; readonly pass: PassKind; readonly from: number; readonly to: number }
  /** Frees what is live at the end of the stream, so that the next pass begins with nothing. */
  | { readonly name: "release"; readonly pass: PassKind }
  /** Detaches from the heap and ends the worker. */
  | { readonly name: "leave" };

export type Reply =
  | { readonly name: "done"; readonly nanoseconds: number }
  | { readonly name: "wrong"; readonly violation: FillViolation }
  | { readonly name: "failed"; readonly code: string | undefined; readonly message: string };

/** An object did not hold any more what its owner had written. */
export interface FillViolation {
  readonly worker: number;
  readonly pass: PassKind;
  /** The operations in which it was found: `[from, to)` of the stream, or its length when all was freed at the end. */
  readonly from: number;
  readonly to: number;
  /** Known when the whole object is compared. */
  readonly address: number | undefined;
}
