// Generations of slots: what tells a record's handle from a stale one, whatever its slot served meanwhile. They stand beside
// the objects, in leaves that are objects of the heap themselves, one for each chunk that ever had a record.

// The stub of a slot, and the handle of a record.
export { generationShift, generationOf, stubLive, isLive, numberOf, handleUnit, handleOf } from "./stub.ts";

// From an address to its stub, and from a stub to its slot.
export {
  nowhere,
  leastStrideShift,
  leafBytes,
  leafOf,
  strideShiftOf,
  stubIn,
  stubAt,
  chunkOf,
  objectBytesAt,
  slotAt,
  slotStartFrom,
} from "./directory.ts";

// A record begins.
export { type ObjectSource, ensureLeaf } from "./leaf.ts";
export { beginRecord } from "./begin.ts";

// A record ends.
export { endRecord, endIsOver, settleEnding, disownSlot } from "./ending.ts";

// All Records of a heap.
export { registryAt, forEachListed, entryAt, numbersOf, ensureRegistry, listObject } from "./registry.ts";

// What is done about records when a worker is recovered, or a pool reset.
export { settleRecords, endInSlot, forgetRecords } from "./recovery.ts";
