// What structures stand on: objects that are the structure's, or ended, whoever dies when.

// An object in, an object out, by one exchange that can be told from the memory.
export {
  abandon,
  allocateFresh,
  commit,
  end,
  exchange,
  isCell,
  keepFresh,
  newStamp,
  noteFresh,
  retire,
  settleIntent,
  tell,
  tookPlace,
} from "./intent.ts";

// The end of one's own object, also if one dies in it.
export { doom, endDoomed, hasSpaceFor } from "./end.ts";

// Objects that others may still be reading.
export {
  clearHazards,
  hasRetired,
  inheritRetired,
  isProtected,
  isRetired,
  protect,
  sweepRetired,
  unprotect,
} from "./retire.ts";

// Whose an object is.
export { ownerAt, ownerIn, passTo, setOwner, swapOwner } from "./owner.ts";

// Words of objects, and cells as they were seen.
export { getWord, putWord, seeCell, stampSeen } from "./words.ts";
