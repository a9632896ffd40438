/** What a multi-threaded case is asked and answers, and what its workers are given. */
import type { HeapHandle } from "offheap";
import type { Control } from "./control.ts";
import type { Kind } from "./kinds.ts";

export interface ThreadsRequest {
  readonly kind: Kind;
  readonly passes: number;
  readonly streams: readonly string[]; // one for each worker
  readonly capacity: number;
}

export interface WorkerTask {
  readonly request: ThreadsRequest;
  readonly self: number;
  readonly control: Control;
  readonly handle: HeapHandle;
  readonly firstPass: number;
  readonly endPass: number;
}

export interface ThreadsAnswer {
  readonly setupNs: number;
  readonly passes: readonly (readonly [wallNs: number, zero: number])[];
  readonly leftBytes: number; // held when all have ended: resident growth, here bytes in spans
}
