// Slabs of equal slots: built, claimed for a moment, counted again, given back.

// Slabs.
export {
  notClaimed,
  firstSlot,
  slotsOf,
  headOfSlot,
  classAtSlot,
  claimSlab,
  unclaimSlab,
  claimPartial,
  buildSlab,
  addFree,
  releaseSlab,
  releaseIfEmpty,
  releaseEmpty,
  repairSlab,
  repairHints,
} from "./slab.ts";

// State bytes four at a time.
export { firstUsed, clearStates, quadOf, countStates, freeStates } from "./state-scan.ts";
