// Who is attached to a heap, what a worker is in the middle of, and how the host proves that its thread has ended.

// The worker words: places, taken and given back.
export { noToken, incarnationOf, placeOf, threadOf, checkWorkerId, Workers, endedWord } from "./workers.ts";

// What a worker is in the middle of, for whoever comes after it.
export { journal, readJournal, writeJournal } from "./journal.ts";

// Which proof of a thread's end this host has.
export { type Host, hostOf, currentToken, endsChildrenFirst } from "./host.ts";

// The threads that this one has started, and whose end was seen.
export { type TrackedWorker, watchThreads, tokenOfWorker, workerOfToken, markGone } from "./threads.ts";

// The Web Lock of a thread.
export { enterLock, whenLockIsLeft } from "./locks.ts";
