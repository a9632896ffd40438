/** What a case is asked on its command line and what it answers on standard output, as JSON. */
import type { PolicyName } from "../hit-rates/policies.ts";

export type Mode = "time" | "space" | "pause" | "walk" | "program" | "heaps";

/** `cpu` is the processor time of the process with all its threads: for a machine that others use, too. */
export type Clock = "wall" | "cpu";

export interface CaseRequest {
  readonly mode: Mode;
  readonly peer: string;
  readonly stream: string; // path
  readonly minPasses: number;
  readonly maxPasses: number;
  readonly budgetMs: number; // for the passes together
  readonly deadlineMs: number; // for all of it; then the case gives up
  readonly ballast: number;
  readonly clock: Clock; // of timed passes
}

export interface TimeAnswer {
  readonly setupNs: number;
  readonly passes: readonly (readonly [headNs: number, tailNs: number])[];
  /** Set when the deadline passed inside a section: nanoseconds for so many words of it. */
  readonly tooSlow?: { readonly ns: number; readonly words: number };
}

export interface SpaceAnswer {
  readonly passes: readonly number[]; // highest growth of each pass
  readonly atPeakBytes: number; // growth where the requested bytes reach their peak
  readonly highestBytes: number;
  readonly freedBytes: number; // growth when everything was freed
  readonly cleanedBytes: number; // … and cleaned up
  readonly spanBytes?: number; // the allocator's own account at the peak, where it has one
  readonly touchedBookBytes?: number; // its metadata, in pages touched
  readonly cleanedSpanBytes?: number;
}

/** One after the other in one process. */
export interface HeapsAnswer {
  readonly heaps: readonly TimeAnswer[];
}

export interface PauseAnswer {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface WalkAnswer {
  readonly passes: readonly number[];
  readonly sum: number;
}

export interface GcRequest {
  readonly mode: "gc";
  readonly peer: "object" | "offheap";
  readonly count: number; // records
  readonly steps: number;
}

export interface GcAnswer {
  readonly fillMs: number;
  readonly fillGcMs: number;
  readonly workMs: number;
  readonly workGcMs: number;
  readonly longestGcMs: number;
  readonly collections: number;
  readonly fullGcMs: number; // one forced collection at the end
  readonly residentBytes: number; // growth
}

/** So many records of eight fields, kept in one of several ways. */
export interface RecordsRequest {
  readonly mode: "records";
  readonly peer: "records" | "records-cursor" | "object" | "class" | "soa" | "bitecs";
  readonly count: number;
}

export interface RecordsAnswer {
  readonly createNs: number;
  readonly readNs: number; // one field of the record that a cursor stands at
  readonly writeNs: number;
  readonly lookUpNs: number; // one field of a record that is looked up
  readonly lookUpWriteNs: number;
  readonly iterateNs: number;
  readonly freeNs: number;
  readonly residentBytes: number; // growth by all records
  readonly fillGcMs: number;
  readonly fullGcMs: number; // one forced collection while all live
}

/**
 * Ways of messages to another worker: a ring, 32 in a call, of two senders, with copies; a ring of bytes; posted to the
 * worker, or through a channel; a stream of Node's.
 */
export const messagePeers = [
  ...(["ring", "ring-many", "ring-2-senders", "ring-copy", "ringbuf.js"] as const),
  ...(["post-clone", "post-transfer", "channel", "stream"] as const),
] as const;
export type MessagePeer = (typeof messagePeers)[number];

/** Messages of so many bytes to another worker, by one of several ways. */
export interface MessagesRequest {
  readonly mode: "messages";
  readonly peer: MessagePeer;
  readonly bytes: number;
}

export interface MessagesAnswer {
  readonly messageNs: number; // when many are sent, in the fastest pass
  readonly p50Ns: number; // there and back
  readonly p99Ns: number;
  readonly gcMs: number; // in a pass, in the sender
  readonly count: number; // messages in a pass
}

/** A heap that processes share: messages to another process, a full one opened, or allocations in it. */
export interface ProcessesRequest {
  readonly mode: "processes";
  readonly what: "hand-over" | "open" | "replace";
  readonly peer: string;
  readonly bytes: number; // of a message or an object; 0: mixed
  readonly count: number; // records
}

export interface ProcessesAnswer {
  readonly ns: number; // a message when many are sent, a pair of calls, or all of an opening
  readonly p50Ns?: number; // there and back
  readonly p99Ns?: number;
}

/** How often a cache of so many entries, kept by one policy, has what a stream of requests asks for. */
export interface HitRatesRequest {
  readonly mode: "hit-rates";
  readonly peer: PolicyName;
  readonly stream: string; // its id, or the path of a trace
  readonly count: number; // requests; a trace has its own number
  readonly shares: readonly number[]; // of the keys
}

export interface HitRatesAnswer {
  readonly keyCount: number;
  /** One for each share. */
  readonly rates: readonly { readonly capacity: number; readonly hits: number; readonly requests: number }[];
}

/** A dependent walk in random order over so many objects of 64 bytes. */
export interface ChaseRequest {
  readonly mode: "chase";
  readonly peer: "offheap" | "offheap-huge";
  readonly count: number;
  readonly steps: number;
  readonly passes: number;
}

export interface ChaseAnswer {
  readonly passes: readonly number[];
  readonly hugeBytes: number;
}

export interface Refusal {
  readonly refused: string;
}
