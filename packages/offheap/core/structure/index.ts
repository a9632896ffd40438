// What structures stand on: objects that are the structure's, or ended, whoever dies when.

// An object in, an object out, by one exchange that can be told from the memory.
export {
  abandon,
  allocateFresh,
  commit,
  end,
  exchange,
  keepFresh,
  noteFresh,
  retire,
  settleIntent,
} from "./intent.ts";

// Objects that others may still be reading.
export {
  clearHazards,
  hasRetired,
  inheritRetired,
  isRetired,
  protect,
  sweepRetired,
  unprotect,
} from "./retire.ts";

// Whose an object is.
export { ownerAt, ownerIn, swapOwner } from "./owner.ts";

// Words of objects, and cells as they were seen.
export { getWord, putWord, seeCell, stampSeen } from "./words.ts";
