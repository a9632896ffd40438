// The face of the core: what the shell may call of an instance.

export {
  setAdd,
  setAddRun,
  setHas,
  setNext,
  setRemove,
  setRemoveRun,
  setRepair,
  setRunLength,
  setWord,
} from "./arena/chunk-set.ts";
export { addClean, forgetClean } from "./arena/clean-chunks.ts";
export {
  chooseRun,
  findRun,
  formatRuns,
  lastChosenLength,
  repairRuns,
  runByTree,
  updateRuns,
} from "./arena/free-runs.ts";
export {
  borrowRun,
  cutBehind,
  freeAll,
  giveBack,
  giveBackWhole,
  heedDestroy,
  lastTakenIsZero,
  lastTakenLength,
  markBehind,
  putBack,
  repairFree,
  takeBehind,
  takeExact,
  takeSpan,
} from "./arena/spans.ts";
export {
  placeBooks,
  placeHeap,
  placeHints,
  placeRecords,
  setLimits,
  setWorker,
} from "./layout/places.ts";
export { drain, forgetDrain } from "./magazine/drain.ts";
export { countFree, setRounds, settleTotals } from "./magazine/gauge.ts";
export { refill, takeFrom } from "./magazine/refill.ts";
export { holdsSlot } from "./magazine/rounds.ts";
export { forgetRounds, freeStray, turnIntoStray, uncount } from "./magazine/strays.ts";
export { longestWithout, scannedFree, scannedLongest, scanPages } from "./pages/bits.ts";
export { enterRoom, repairPagesHint, settleRooms } from "./pages/rooms.ts";
export { claimRun, fitRun, foundHead, foundLongest, foundPage, foundRoom } from "./pages/search.ts";
export {
  claimSlab,
  recountSlab,
  releaseEmpty,
  releaseSlab,
  repairHints,
  unclaimSlab,
} from "./slab/slab.ts";
export { clearStates, countStates, firstUsed, freeStates } from "./slab/state-scan.ts";
export { free, malloc, openCalls } from "./worker/calls.ts";
export { settle } from "./worker/settle.ts";
export { build, countSentHome, ensureRoom, ensureRound, forgetSentHome, sendHome } from "./worker/slow.ts";
