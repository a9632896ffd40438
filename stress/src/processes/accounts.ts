// The accounts at the end of a round, when every process is gone.
//
//   live = in the cells + of the records + nameless             nameless = 0 where the dead's objects end with them
//   live + usable = capacity, to the byte: as many objects of one size can be had as before the round
//   every message that was sent was received, once; no visit of a record is missing

import { AllocatorError, MemoryPool } from "offheap";
import { fillOffence, writeFill } from "../fill.ts";
import { phase } from "../ledger.ts";
import { pause } from "../scene.ts";
import { nobody } from "./cells.ts";
import type { Round } from "./crew.ts";
import { Sessions } from "./sessions.ts";
import { findRings, type Heap } from "./shape.ts";

const reapMilliseconds = 10_000;

/** How many objects of a size there are beside what is live, with their fills read again. */
export function measureUsable(heap: Heap, size: number, violations: string[]): number {
  heap.cleanup({ all: true });
  const objects: number[] = [];
  for (;;) {
    const address = allocateOrNothing(heap, size);
    if (address === undefined) break;
    writeFill(heap.i32, address, size, address | 0);
    objects.push(address);
  }
  for (const address of objects) {
    const offence = fillOffence(heap.i32, address, size, address | 0);
    if (offence !== undefined) violations.push(`filling up: ${offence}`);
    heap.deallocate(address);
  }
  heap.cleanup({ all: true });
  return objects.length;
}

function allocateOrNothing(heap: Heap, size: number): number | undefined {
  try {
    return heap.allocate(size);
  } catch (error) {
    if (error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY") return undefined;
    throw error;
  }
}

/** The dead are found and reaped by clean-ups, without anybody's saying who has died. */
export async function waitForReaping({
  heap,
  violations,
}: Pick<Round, "heap" | "violations">): Promise<void> {
  const end = performance.now() + reapMilliseconds;
  while (heap.stats().workers.length > 1) {
    heap.cleanup();
    await pause(50);
    if (performance.now() < end) continue;
    violations.push(`the dead are not reaped: ${JSON.stringify(heap.stats().workers)}`);
    return;
  }
  const others = heap.processes().filter(({ isSelf }) => !isSelf);
  if (others.length > 0) violations.push(`processes that have ended: ${JSON.stringify(others)}`);
}

/** What there was before the round. */
export interface Before {
  /** Bytes of the objects that were counted. */
  readonly size: number;
  /** How many there could be in the new heap. */
  readonly fresh: number;
  /** How many beside the records. */
  readonly usable: number;
  /** Objects of the records. */
  readonly live: number;
}

export function balance(round: Round, before: Before): void {
  const { heap, violations, tally } = round;
  checkWhole(round, "when all had ended");
  drainRings(round);
  freePublished(round);
  const nameless = settleHeld(round, before.live);
  tally.nameless += nameless;
  const most = round.shape.live ? 0 : round.nameless;
  if (nameless < 0 || nameless > most)
    violations.push(
      `${nameless} objects more than are known are live; ${most} may be, of ${round.nameless} of the dead`,
    );
  checkVisits(round);
  checkWhole(round, "when all objects were freed");
  if (nameless === 0) checkUsable(round, before.size, before.usable);
  if (!(heap instanceof MemoryPool)) return;
  heap.reset();
  checkUsable(round, before.size, before.fresh);
}

function checkUsable(round: Round, size: number, expected: number): void {
  const usable = measureUsable(round.heap, size, round.violations);
  round.tally.capacityBytes += usable * size;
  if (usable !== expected)
    round.violations.push(
      `${expected} objects of ${size} bytes were to be had before the round, ${usable} after it`,
    );
  checkWhole(round, "when the whole capacity was allocated and freed");
}

function checkWhole({ heap, violations }: Round, when: string): void {
  for (const { invariant, message } of heap.check())
    violations.push(`check ${when}: ${invariant}: ${message}`);
}

/** What is in the rings is the parent's, and ends. */
function drainRings({ heap, notes, violations, tally }: Round): void {
  const { cells } = notes;
  for (const [i, ring] of findRings(heap).entries()) {
    for (let message = ring.take(); message !== undefined; message = ring.take()) {
      const { tag: cell, address } = message;
      const wrong = cells.beginReceive(cell, nobody);
      if (wrong !== undefined) violations.push(`at the end: ${wrong}`);
      verify({ heap, notes, violations }, cell, address);
      ring.done();
      tally.verifiedAtEnd++;
      cells.clear(cell);
    }
    if (ring.size !== 0) violations.push(`ring ${i} says ${ring.size}, and has no message`);
    ring.destroy();
    heap.roots.delete(i === 0 ? "first" : "second");
  }
  for (let cell = 0; cell < cells.cellCount; cell++)
    if (cells.isInRing(cell)) violations.push(`the message of cell ${cell} was lost`);
}

function verify(
  { heap, notes, violations }: Pick<Round, "heap" | "notes" | "violations">,
  cell: number,
  address: number,
): void {
  const offence = fillOffence(heap.i32, address, heap.sizeOf(address), notes.cells.serialOf(cell));
  if (offence !== undefined) violations.push(`at the end: ${offence}`);
}

function freePublished({ heap, notes, violations, tally }: Round): void {
  const { cells } = notes;
  for (let cell = 0; cell < cells.cellCount; cell++) {
    if (!cells.isPublished(cell)) continue;
    const address = cells.addressOf(cell);
    verify({ heap, notes, violations }, cell, address);
    heap.deallocate(address);
    tally.verifiedAtEnd++;
    cells.clear(cell);
  }
}

/**
 * What the dead have held: its call had come to its end, or not. Nothing else is live now, but the records and what no cell knows.
 * Returns how many objects are left beyond those that were there before the round.
 */
function settleHeld({ heap, notes, violations, shape, tally }: Round, before: number): number {
  const { cells } = notes;
  const freed = new Set<number>();
  for (let cell = 0; cell < cells.cellCount; cell++) {
    const held = cells.phaseOf(cell, nobody);
    const address = cells.addressOf(cell);
    if (held === phase.none || address === 0 || freed.has(address) || !isLive(heap, address)) continue;
    // Another dead one may have got what this one had freed, before it said so.
    const isAlone = shape.live && isOnlyHolder(cells, cell, address);
    if (isAlone && held !== phase.filling) verify({ heap, notes, violations }, cell, address);
    heap.deallocate(address);
    tally.verifiedAtEnd++;
    freed.add(address);
  }
  // The names of the rings wait for the next look.
  heap.cleanup({ all: true });
  return heap.stats().liveObjects - before;
}

function isOnlyHolder(cells: Round["notes"]["cells"], own: number, address: number): boolean {
  for (let cell = 0; cell < cells.cellCount; cell++)
    if (cell !== own && cells.addressOf(cell) === address) return false;
  return true;
}

function isLive(heap: Heap, address: number): boolean {
  try {
    heap.sizeOf(address);
    return true;
  } catch (error) {
    if (error instanceof AllocatorError && ["ERR_DOUBLE_FREE", "ERR_INVALID_ADDRESS"].includes(error.code))
      return false;
    throw error;
  }
}

function checkVisits({ heap, notes, shape, violations }: Round): void {
  const { visits, numbers } = new Sessions(heap).sums();
  const [begun, ended] = [notes.total("begunUpdates"), notes.total("updates")];
  if (visits < ended || visits > begun)
    violations.push(`the records have ${visits} visits: ${ended} had ended and ${begun} begun`);
  if (numbers !== (shape.records * (shape.records + 1)) / 2) violations.push("a record's number has changed");
}
