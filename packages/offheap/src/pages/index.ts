// Page runs: the objects from 8 to 448 KiB that share spans of 2 KiB pages. The state bytes are the truth about pages.

// The objects, as a recovery meets them.
export { nowhere, PageRuns } from "./page-runs.ts";

// Spans of pages: claimed for a moment, repaired, given back.
export { notHeld, PageSpans } from "./page-spans.ts";

// The state bytes of pages.
export { pageFree, pageFreed, pageKept, isLivePage, runPages } from "./page-state.ts";

// What a worker's record says of large objects: counters, and the operation in flight.
export { largeCount, setLargeCount, operationOf } from "./large-record.ts";
