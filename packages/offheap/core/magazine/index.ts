// A worker's magazines: what stands in them, and how slots come in and go out.

// The gauge and the totals.
export { roundCountIn, setRoundCount, foldGauge, countFree } from "./gauge.ts";

// The rounds.
export { roundAt, slotOfRound, holdsSlot } from "./rounds.ts";

// Slots in.
export { threeQuarters, refill, refillHome, takeFrom } from "./refill.ts";

// Slots out.
export { drain, forgetDrain } from "./drain.ts";

// Slots that are cached, in no list.
export { freeStray, turnIntoStray, forgetRounds, uncount } from "./strays.ts";
