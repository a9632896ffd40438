// A worker's counters of one class. The gauge is the hot word: allocate and deallocate store it once each.
//
//   rounds in the magazine = the gauge's index − that of the empty one        cached = rounds + strays
//   allocs = the totals' allocs + the gauge's                       (64 bits each)
//   frees  = the totals' frees + the gauge's allocs + rounds − the totals' rounds
//
// Where rounds enter or leave the magazine otherwise, the gauge is folded into the totals: the ones that do not hold are
// written, then one store of the gauge makes them hold, so no kill can come between two halves of a count.
// Plain loads: worker w writes its record, and after its death its one reaper. Who calls is one of the two.

import {
  gaugeAllocShift,
  gaugeIndex,
  gaugeTotals,
  straysAt,
  totalsAllocs,
  totalsBytes,
  totalsFrees,
  totalsRoundCount,
} from "../layout/index.ts";
import { countersAt, emptyIndex, gaugeAt, isClass, isPlace, roundLimit } from "../places/index.ts";
import { assert, lessUnsigned, load32, store32 } from "../target/index.ts";

/** Allocations in a gauge from which on the next slow call folds it; the word holds 2^15. */
const foldFrom = 8192;
const damaged = -1;

/** One more than there is space for is a free that was cut short. */
function roundCountBy(word: i32, classIndex: i32): i32 {
  if (word === 0) return 0;
  const roundCount = (word & gaugeIndex) - emptyIndex(classIndex);
  return roundCount > roundLimit(classIndex) + 1 ? damaged : roundCount;
}

/** Rounds of a worker's magazine. Below 0: the gauge is damaged. */
export function roundCountIn(w: i32, classIndex: i32): i32 {
  assert(isPlace(w) && isClass(classIndex));
  return roundCountBy(load32(gaugeAt(w, classIndex)), classIndex);
}

/** Writes the totals that do not hold; returns the gauge that makes them hold. `freed` more were freed than now. */
export function prepareTotals(w: i32, classIndex: i32, roundCount: i32, freed: i32): i32 {
  const word = load32(gaugeAt(w, classIndex));
  const counters = countersAt(w, classIndex);
  const from = (counters + ((word & gaugeTotals) === 0 ? 0 : totalsBytes)) | 0;
  const to = (counters + ((word & gaugeTotals) === 0 ? totalsBytes : 0)) | 0;
  const more = word >>> gaugeAllocShift;
  const came = roundCountBy(word, classIndex) - load32((from + totalsRoundCount) | 0) + freed;
  addWide((to + totalsAllocs) | 0, (from + totalsAllocs) | 0, more);
  addWide((to + totalsFrees) | 0, (from + totalsFrees) | 0, more + came);
  store32((to + totalsRoundCount) | 0, roundCount);
  return (~word & gaugeTotals) | ((emptyIndex(classIndex) + roundCount) & gaugeIndex);
}

/** A 64-bit count, and a number that may be below 0. */
function addWide(to: i32, from: i32, more: i32): void {
  const low = load32(from);
  const sum = (low + more) | 0;
  let high = load32((from + 4) | 0);
  if (more >= 0 && lessUnsigned(sum, low)) high++;
  if (more < 0 && lessUnsigned(low, sum)) high--;
  store32(to, sum);
  store32((to + 4) | 0, high);
}

/** Sets the magazine's count and folds the gauge into the totals; `freed` more were freed than they say. */
export function setRoundCount(w: i32, classIndex: i32, roundCount: i32, freed: i32): void {
  assert(isPlace(w) && isClass(classIndex));
  const at = gaugeAt(w, classIndex);
  // A magazine that was never used stays so, and its memory untouched.
  if (load32(at) === 0 && roundCount === 0 && freed === 0) return;
  store32(at, prepareTotals(w, classIndex, roundCount, freed));
}

/** Makes a magazine that was never used one with space, and keeps a gauge from running over. */
export function foldGauge(w: i32, classIndex: i32): void {
  assert(isPlace(w) && isClass(classIndex));
  const at = gaugeAt(w, classIndex);
  const word = load32(at);
  if (word !== 0 && word >>> gaugeAllocShift < foldFrom) return;
  store32(at, prepareTotals(w, classIndex, roundCountBy(word, classIndex), 0));
}

/** One object more was freed, and is in the magazine. Back: a free that is none after all. */
export function countFree(w: i32, classIndex: i32): void {
  assert(isPlace(w) && isClass(classIndex));
  const at = gaugeAt(w, classIndex);
  store32(at, (load32(at) + 1) | 0);
}
export function uncountFree(w: i32, classIndex: i32): void {
  const at = gaugeAt(w, classIndex);
  store32(at, (load32(at) - 1) | 0);
}

export function straysOf(w: i32, classIndex: i32): i32 {
  return load32((countersAt(w, classIndex) + straysAt) | 0);
}
export function setStrays(w: i32, classIndex: i32, strays: i32): void {
  store32((countersAt(w, classIndex) + straysAt) | 0, strays);
}
