// Chunks and the spans that are made of them. The claim word is the truth about a span; all else here is a hint.

// Claim words.
export {
  claimBody,
  claimBuilding,
  claimKept,
  claimUnclaimed,
  claimClaimed,
  claimLarge,
  claimPages,
  claimPagesHeld,
  tagOf,
  lengthOf,
  classOf,
  workerOf,
  isPages,
  isSlab,
  claimOf,
  storeClaim,
  swapClaim,
} from "./claim.ts";

// Spans taken and given back.
export {
  takenLength,
  takenIsZero,
  noteUsed,
  lastTakenLength,
  lastTakenIsZero,
  mapOf,
  setMap,
  mapSpan,
  mapEntry,
  heedDestroy,
  freeAll,
  takeSpan,
  takeExact,
  takeRoomy,
  takeBehind,
  markBehind,
  cutBehind,
  giveBack,
  giveBackWhole,
  borrowRun,
  putBack,
  repairFree,
} from "./spans.ts";

// Sets of chunks, as bitmaps of three levels.
export {
  setWord,
  setHas,
  setHasAny,
  setAdd,
  setRemove,
  setAddRun,
  setRemoveRun,
  setNext,
  setRepair,
} from "./chunk-set.ts";

// The tree over the free chunks.
export {
  formatRuns,
  updateRuns,
  repairRuns,
  findRun,
  runByTree,
} from "./free-runs.ts";

// Which free chunks are zero.
export { addClean } from "./clean-chunks.ts";
