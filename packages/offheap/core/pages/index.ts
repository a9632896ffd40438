// Page runs: objects that share spans of pages, and where in them an object goes.

// The objects: allocated, freed, resized.
export { allocateRun, freeRun, resizeRun, runAt, pagesAt } from "./runs.ts";

// Those that a worker keeps for its next objects.
export { giveBackRuns, isWanted, noteWanted, wasWantedLately } from "./kept.ts";

// Spans of pages: claimed for a moment, repaired, given back.
export { claimPageSpan, unclaimPages, repairPages, letGoPages, releaseEmptyPages } from "./spans.ts";

// The state bytes of pages.
export { isLivePage } from "./state.ts";

// What a large operation notes of itself.
export {
  mostBytes,
  openChunks,
  serveUpTo,
  writeJournal,
  beginLarge,
  countLarge,
  beginResize,
} from "./record.ts";
