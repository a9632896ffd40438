// What an allocation or a free does when its magazine is empty or full, and the call that was cut short.

// Space and rounds to be had; slabs built; what has gone home.
export { ensureRound, ensureSpace, nothing, countFreed, forgetSentHome, sendHome, build } from "./slow.ts";

// The call that was cut short.
export { settle } from "./settle.ts";

// The slow halves of both calls, as far as they are common.
export {
  allocated,
  allocateInCore,
  allocateLargeInCore,
  bindWord,
  deallocateInCore,
  findRoundAtRest,
  isServed,
  slotAt,
} from "./halves.ts";

// The same of reallocate.
export { doomOfMove, endMove, reallocateInCore } from "./moves.ts";

// malloc and its kin for modules.
export { openCalls, malloc, free, calloc, realloc, alignedAlloc } from "./calls.ts";
