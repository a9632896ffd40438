// Strays: slots that are cached by their byte and stand in no list. A slot becomes one where it is freed while nothing can
// go home; the next walk over the slabs finds it.
//
// Plain loads: this worker's record; the state byte as in rounds.ts.

import {
  journalFreeing,
  journalIdle,
  journalMoving,
  recordJournal,
  roundSlot,
  slotFree,
  straysAt,
} from "../layout/index.ts";
import {
  countersAt,
  gaugeAt,
  isChunk,
  isClass,
  ownRecord,
  roundLimit,
  stateShift,
  statesAt,
  worker,
} from "../places/index.ts";
import { classAtSlot } from "../slab/index.ts";
import { assert, load8, load32, store8, store32 } from "../target/index.ts";
import { prepareTotals, roundCountIn, setRoundCount, setStrays, straysOf, uncountFree } from "./gauge.ts";
import { clearRound, roundAt, setRound, slotOfRound } from "./rounds.ts";

/** When nothing can go home, there is space for one round more: the slot is freed, and found again by a walk. */
export function freeStray(classIndex: i32, slot: i32): void {
  assert(isClass(classIndex) && isChunk(slot >>> stateShift));
  const roundCount = roundCountIn(worker, classIndex);
  const gauge = gaugeAt(worker, classIndex);
  const strays = (countersAt(worker, classIndex) + straysAt) | 0;
  const journal = (ownRecord + recordJournal) | 0;
  forgetSlot(classIndex, slot, roundCount);
  // From the store of the byte on there is no call, which could run out of stack.
  const above = (roundAt(worker, classIndex, roundCount) + roundSlot) | 0;
  const folded = prepareTotals(worker, classIndex, roundCount, 1);
  store32(journal, journalFreeing);
  setRound(worker, classIndex, roundCount, slot);
  store8((statesAt + slot) | 0, worker);
  store32(gauge, (load32(gauge) + 1) | 0);
  store32(journal, journalMoving);
  store32(strays, load32(strays) + 1);
  store32(above, 0);
  store32(gauge, folded);
  store32(journal, journalIdle);
}

/** Takes the top round out of the list; its slot stays cached, as a stray. */
export function turnIntoStray(classIndex: i32): void {
  assert(isClass(classIndex));
  const roundCount = roundCountIn(worker, classIndex);
  setStrays(worker, classIndex, straysOf(worker, classIndex) + 1);
  forgetSlot(classIndex, slotOfRound(worker, classIndex, roundCount - 1), roundCount);
  setRoundCount(worker, classIndex, roundCount - 1, 0);
}

/**
 * Blanks the rounds of a slot that becomes a stray: an illegal free may have left one in the list, with the
 * address that the slot had in another slab.
 */
function forgetSlot(classIndex: i32, slot: i32, roundCount: i32): void {
  for (let i = 0; i < roundCount; i++)
    if (slotOfRound(worker, classIndex, i) === slot) clearRound(worker, classIndex, i);
}

/**
 * Blanks the words above the top, so that a slot which became a stray cannot be taken for one whose
 * free was cut short.
 */
export function forgetRounds(classIndex: i32): void {
  assert(isClass(classIndex));
  for (let i = roundCountIn(worker, classIndex); i <= roundLimit(classIndex); i++)
    clearRound(worker, classIndex, i);
}

/**
 * A round whose slot is not this worker's any more: an illegal free of the same object overlapped ours
 * and came last. One of the two must not count; it is ours. The list's count follows by the same store.
 */
export function uncount(classIndex: i32, slot: i32): void {
  assert(isClass(classIndex));
  uncountFree(worker, classIndex);
  if (!isChunk(slot >>> stateShift) || load8((statesAt + slot) | 0) !== worker) return;
  // The slab went meanwhile, and the byte was written over another one's, or over none. A span that is being
  // built or given back has only free slots.
  const other = classAtSlot(slot);
  if (other === 0) store8((statesAt + slot) | 0, slotFree);
  else setStrays(worker, other, straysOf(worker, other) + 1);
}
