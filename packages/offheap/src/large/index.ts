// Large objects of any length: page runs, and above them spans of their own. From an address to what it is; what the
// allocator asks of such spans; how they are counted, checked, and reset together with all slabs.

// All large objects of one worker.
export { Large } from "./large.ts";

// Which large object an address is.
export { LocatedLarge, notLive } from "./located-large.ts";

// From an address inside an object to its end.
export { bytesToLargeEnd } from "./bytes-to-end.ts";

// Which of the two objects of a move ends if the worker does.
export { doomOfSlot, doomOfSpan, doomedAt } from "./doomed.ts";

// Everything allocated is freed at once.
export { resetHeap } from "./reset.ts";

// Where all bytes are, and what could be had in one piece.
export { noSpaceFor } from "./out-of-memory.ts";

// Statistics of a heap with large objects.
export { type LargeStats, type PoolStats, collectPoolStats } from "./pool-stats.ts";

// What check() looks at beyond slabs.
export { PoolChecks } from "./pool-check.ts";
