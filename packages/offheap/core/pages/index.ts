// Page runs: spans of pages, and where in them an object goes.

// Which span, and where in it.
export { claimRun, fitRun, foundHead, foundRoom, foundPage, foundLongest } from "./search.ts";

// The sets of spans, by their longest free run.
export { enterRoom, repairRooms, repairPagesHint } from "./rooms.ts";

// Free pages as bits.
export { scanPages, longestWithout, scannedLongest, scannedFree } from "./bits.ts";
