// The generation cell of a slot, and the handle of a record.
//
//   cell     generation 21 | live 1 | whose 10       whose: of a live record its Records; after its end 896 + who ended it
//   handle   generation × 2^32 + address             a safe integer
//
// A handle is good while the cell of its slot is live and has its generation. The end of a record raises that by one, and
// nothing lowers it: a cell that is not live has the generation of the next record. So a handle is stale for certain until
// 2^21 - 1 more records have been in its slot.

export const generationShift = 11;
export const generationMask = 2 ** 21 - 1;
export const cellLive = 1 << 10;
const whoseMask = cellLive - 1;
const endedFrom = 896;
/** The highest number that a Records may have. */
export const mostNumber = endedFrom - 1;

/** From a generation to its part of a handle. */
export const handleUnit = 2 ** 32;

export const generationOf = (cell: number): number => cell >>> generationShift;
export const isLive = (cell: number): boolean => (cell & cellLive) !== 0;
export const numberOf = (cell: number): number => cell & whoseMask;

/** The generation behind one. Behind the last comes 1. */
export const nextGeneration = (generation: number): number =>
  generation < generationMask ? generation + 1 : 1;

/** The generation of the next record in a slot: of one that nobody ended, too. */
export const generationAfter = (cell: number): number =>
  isLive(cell) || cell >>> generationShift === 0 ? nextGeneration(generationOf(cell)) : generationOf(cell);

export const liveCell = (generation: number, number: number): number =>
  (generation << generationShift) | cellLive | number;

/** What a cell becomes when the record in it ends; `worker` is who ended it, 0 its reaper. */
export const endedCell = (cell: number, worker: number): number =>
  (nextGeneration(generationOf(cell)) << generationShift) | (worker === 0 ? 0 : endedFrom + worker);

/** Whether a record ended by a worker, and nothing has begun in its slot since. */
export const isEndedBy = (cell: number, worker: number): boolean =>
  (cell & (cellLive | whoseMask)) === endedFrom + worker;

export const handleOf = (generation: number, address: number): number => generation * handleUnit + address;
