// Slabs of equal slots, and the magazines through which one worker takes from them and gives to them. The core does the
// work; this is how the shell reads it and calls it.

// Slabs: claimed, counted again, given back.
export { notClaimed, Slabs } from "./slabs.ts";

// From an address to its slot, with every reason why it may be none.
export { type Located, invalidAddress, locate, bytesToEnd } from "./locate.ts";

// State bytes many at a time.
export { firstUsed } from "./state-scan.ts";

// The magazines of one worker.
export { Magazines } from "./magazines.ts";

// The rounds of a magazine.
export { slotOfRound, addressOfRound, addressOf, setRound } from "./rounds.ts";

// What a worker has counted of a class.
export {
  roundCountIn,
  checkedRoundCount,
  corruptGauge,
  setRoundCount,
  foldGauge,
  countFree,
  straysOf,
  setStrays,
  allocsOf,
  freesOf,
} from "./counters.ts";

// The call that a kill or an exception cut short.
export { type Unfinished, settle } from "./settle.ts";

// What is asked of spans that are no slabs: a pool hands it in.
export type { FoundObjects, OtherSpans, OtherSpansOf } from "./other-spans.ts";
