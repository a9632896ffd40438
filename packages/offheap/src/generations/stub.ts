// The generation stub of a slot, and the handle of a record.
//
//   stub     generation 21 | live 1 | whose 10       whose: of a live record its Records; after its end 896 + who ended it
//   handle   generation × 2^32 + address             a safe integer
//
// A handle is good while the stub of its slot is live and has its generation. The end of a record raises that by one, and
// nothing lowers it: a stub that is not live has the generation of the next record. So a handle is stale for certain until
// 2^21 - 1 more records have been in its slot.

export const generationShift = 11;
export const generationMask = 2 ** 21 - 1;
export const stubLive = 1 << 10;
const whoseMask = stubLive - 1;
const endedFrom = 896;
/** The highest number that a Records may have. */
export const mostNumber = endedFrom - 1;

/** From a generation to its part of a handle. */
export const handleUnit = 2 ** 32;

export const generationOf = (stub: number): number => stub >>> generationShift;
export const isLive = (stub: number): boolean => (stub & stubLive) !== 0;
export const numberOf = (stub: number): number => stub & whoseMask;

/** The generation behind one. Behind the last comes 1. */
export const nextGeneration = (generation: number): number =>
  generation < generationMask ? generation + 1 : 1;

/** The generation of the next record in a slot: of one that nobody ended, too. */
export const generationAfter = (stub: number): number =>
  isLive(stub) || stub >>> generationShift === 0 ? nextGeneration(generationOf(stub)) : generationOf(stub);

export const liveStub = (generation: number, number: number): number =>
  (generation << generationShift) | stubLive | number;

/** What a stub becomes when the record in it ends; `worker` is who ended it, 0 its reaper. */
export const endedStub = (stub: number, worker: number): number =>
  (nextGeneration(generationOf(stub)) << generationShift) | (worker === 0 ? 0 : endedFrom + worker);

/** Whether a record ended by a worker, and nothing has begun in its slot since. */
export const isEndedBy = (stub: number, worker: number): boolean =>
  (stub & (stubLive | whoseMask)) === endedFrom + worker;

export const handleOf = (generation: number, address: number): number => generation * handleUnit + address;
