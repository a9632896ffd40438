// Who is attached to a heap, what a worker is in the middle of, and how the host proves that its thread has ended.

// The worker words: places, taken and given back.
export { incarnationOf, placeOf, checkWorkerId, Workers, endedWord } from "./workers.ts";

// That a worker is one of a heap's, and can still be used.
export { Membership } from "./membership.ts";

// Which thread, of which process, a word names.
export { noToken, processOf, threadOf, tokenBits, tokenIn, tokenOf } from "./tokens.ts";

// The workers of processes that have ended.
export { markDead, markEarlier, othersOfProcess } from "./processes.ts";

// What a worker is in the middle of, for whoever comes after it.
export { journal, readJournal, writeJournal } from "./journal.ts";

// Which proof of a thread's end this host has.
export { type Host, hostOf, currentToken, endsChildrenFirst } from "./host.ts";

// The threads that this one has started, and whose end was seen.
export { type TrackedWorker, watchThreads, tokenOfWorker, workerOfToken, markGone } from "./threads.ts";

// The Web Lock of a thread.
export { enterLock, whenLockIsLeft } from "./locks.ts";
