/** What a case about stores of keys and values is asked, and what it answers. */

/** As programs keep keys and values today, and those of this library. */
export const storePeers = [
  ...(["map", "lru-cache", "quick-lru", "cacheable", "lmdb"] as const),
  ...(["shared-map", "frozen-map", "shared-cache"] as const),
] as const;
export type StorePeer = (typeof storePeers)[number];

/** How two workers have a cache: one for both, or a private one each, of half the bytes or of all of them. */
export const splitPeers = ["shared-cache", "lru-half", "lru-whole"] as const;
export type SplitPeer = (typeof splitPeers)[number];

interface Sizes {
  readonly mode: "stores";
  readonly count: number; // entries
  readonly valueBytes: number;
}

/** One call of each kind, many times; one call at a time while all entries live; two workers, or two processes. */
export interface StoreRequest extends Sizes {
  readonly what: "calls" | "live" | "workers" | "processes";
  readonly peer: StorePeer;
  readonly steps: number; // calls of a pass
  readonly budgetMs: number; // for the passes of one kind of call
  readonly clock: "wall" | "cpu";
  readonly windowMs: number; // in which workers call
}

/** How often two workers find what a stream of requests asks for. */
export interface SplitRequest extends Sizes {
  readonly what: "split";
  readonly peer: SplitPeer;
  readonly exponent: number; // of the Zipf law
  readonly requests: number;
  readonly totalBytes: number;
}

export type StoresRequest = StoreRequest | SplitRequest;

/** ns a call, in the fastest pass. */
export interface CallsAnswer {
  readonly hitNs: number; // by key objects that the store was filled with
  readonly freshNs: number; // by keys fresh from bytes, the slice included
  readonly sliceNs: number; // the slice alone
  readonly missNs: number;
  readonly hasNs: number;
  readonly replaceNs?: number; // set, of a key that is there
  readonly newNs?: number; // set, of one that is not; a cache is full, and evicts
  readonly readNs?: number; // in place
  readonly intoNs?: number; // copied into bytes
}

export interface LiveAnswer {
  readonly entryBytes: number; // resident, of keys, values and books
  readonly fillLongestMs: number; // of one set from none to all
  readonly fillOwnMs: number; // … without what the thread waited for a processor
  readonly fillCallMs: number; // … and without collections that fell into it, 0.1 at least
  readonly fillGcMs: number; // longest collection of these
  readonly p50Ns: number; // of one call's own time, gets and a tenth sets, clock included
  readonly p999Ns: number;
  readonly longestMs: number; // by the wall's clock
  readonly ownMs: number;
  readonly callMs: number;
  readonly gcMs: number;
  readonly fullGcMs: number; // one forced collection while all live
}

/** ns a call. Of two: as if one after the other, so half of it is twice the calls. */
export interface TwoAnswer {
  readonly oneNs: number;
  readonly twoNs: number; // each its own half of the keys
  readonly hotOneNs: number; // few keys
  readonly hotTwoNs: number; // both the same few
  readonly besideNs: number; // a get beside a writer
  readonly writerNs: number; // its set
}

export interface SplitAnswer {
  /** Of a hundred requests. An entry of a private cache counts as many bytes as its key and value have. */
  readonly hits: number;
  /** … as many as it was found to take. */
  readonly hitsResident: number;
}

export type StoreFigures = Partial<CallsAnswer & LiveAnswer & TwoAnswer & SplitAnswer>;
