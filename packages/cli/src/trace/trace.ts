// What a trace is once it has been read: a list of operations on numbered objects.
//
//   sizes[i] > 0    allocate objects[i], of sizes[i] bytes
//   sizes[i] = 0    free objects[i]
//   sizes[i] < 0    reallocate objects[i] to -sizes[i] bytes; it keeps its number
//
// An object is numbered by its allocation: 0, 1, 2, … Addresses of the traced process are gone.
// operations = allocations + frees + reallocations = objects.length = sizes.length

import type { Numbers } from "./number-list.ts";

export interface Trace {
  readonly path: string;
  /** The file's name without folder and endings: `sqlite` for `traces/sqlite.mtrace.gz`. */
  readonly name: string;
  readonly objects: Numbers;
  /** Doubles when a request is over 2^31 - 1 bytes. */
  readonly sizes: Numbers;
  readonly operations: number;
  readonly allocations: number;
  readonly frees: number;
  readonly reallocations: number;
  readonly liveAtEnd: number;
  readonly problems: TraceProblems;
}

/** Everything in the file that could not be taken at its word. */
export interface TraceProblems {
  /** Lines that are no record, or a record out of place. */
  readonly malformedLines: Tally;
  /** Frees and reallocations of an address that was not live. A free is left out; a reallocation allocates. */
  readonly unknownFrees: Tally;
  /** Allocations at an address that was still live: its free is missing in the log, and is put in before. */
  readonly missingFrees: Tally;
  /** Requests of the traced program that failed (`!`, or an address of `(nil)`): left out. */
  readonly failedRequests: number;
  /** Requests of zero bytes, each taken as one byte. */
  readonly zeroByteRequests: number;
  /** Why the file is believed to be cut short; undefined when it is whole. */
  readonly truncated: string | undefined;
  /** Where the file is damaged or ends early, when its bytes are packed in a way that tells. `truncated` says how. */
  readonly cutAtByte: number | undefined;
}

/** How often, and where the first of them are. */
export interface Tally {
  readonly count: number;
  readonly first: readonly LineNote[];
}

export interface LineNote {
  /** Counted from 1. */
  readonly line: number;
  readonly reason: string;
}
