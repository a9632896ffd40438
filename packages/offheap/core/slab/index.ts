// Slabs of equal slots: built, claimed for a moment, counted again, given back.

// Slabs.
export {
  notClaimed,
  claimSlab,
  unclaimSlab,
  buildSlab,
  addFree,
  releaseSlab,
  releaseIfEmpty,
  releaseEmpty,
  repairSlab,
  repairHints,
} from "./slab.ts";

// Which slab a refill takes slots of.
export { claimHome, claimPartial, makeHome } from "./choice.ts";

// Slots of a slab, and the slab of a slot.
export { firstSlot, slotsOf, headOfSlot, classAtSlot } from "./slots.ts";

// State bytes four at a time.
export { firstUsed, clearStates, quadOf, countStates, freeStates } from "./state-scan.ts";
