// Refill: an empty magazine takes free slots of one slab, under its claim, lowest address on top; four at a time while
// four are free. The lines of 64 slots that have a free one are found by their bits; a line whose bit was the last to be
// followed has none left.
//
// Plain loads: under the claim. Info words are its holder's; a state byte that is 0 nobody else may write.

import { claimOf, classOf, setRemove } from "../arena/index.ts";
import {
  chunkShift,
  infoFreeCount,
  infoLines,
  lineShift,
  lineWords,
  noChunk,
  roundShift,
  roundSlot,
  slotFree,
  slotsPerLine,
} from "../layout/index.ts";
import {
  dataAt,
  infoAt,
  isChunk,
  isClass,
  isPlace,
  magazineAt,
  objectBytes,
  roundLimit,
  slabSet,
  statesAt,
  tableBytes,
  worker,
} from "../places/index.ts";
import {
  claimHome,
  claimPartial,
  firstSlot,
  makeHome,
  quadOf,
  repairSlab,
  slotsOf,
  unclaimSlab,
} from "../slab/index.ts";
import {
  assert,
  least,
  load8,
  load32,
  loadQuad,
  most,
  moveDown,
  multiply,
  store8,
  store32,
  storeQuad,
  trailingZeros,
} from "../target/index.ts";
import { setRoundCount } from "./gauge.ts";

/** Slabs that a refill looks into before it is content with what it has. */
const refillTries = 4;

/**
 * What a refill takes, and a drain sends home, in whole lines where it is more than one. So the next is at least a quarter
 * of a magazine of calls away whichever it is, and as far as that goes as much as can be at once.
 */
export function threeQuarters(roundCount: i32): i32 {
  const part = (roundCount * 3) >> 2;
  return part < slotsPerLine ? most(part, 1) : part & -slotsPerLine;
}

/** Fills an empty magazine up to three quarters; false when no slab with a free slot can be had. */
export function refill(classIndex: i32): bool {
  return refillFrom(classIndex, false);
}

/** The same, but false also where a new slab is better than one that is another worker's home. */
export function refillHome(classIndex: i32): bool {
  return refillFrom(classIndex, true);
}

function refillFrom(classIndex: i32, isHome: bool): bool {
  assert(isPlace(worker) && isClass(classIndex));
  for (let tries = 0; tries < refillTries; tries++) {
    const head = isHome ? claimHome(classIndex) : claimPartial(classIndex);
    if (head === noChunk) break;
    if (takeFrom(classIndex, head)) return true;
  }
  return false;
}

/** Takes slots of a slab that this worker has claimed into its empty magazine, and unclaims it. */
export function takeFrom(classIndex: i32, head: i32): bool {
  assert(isPlace(worker) && isClass(classIndex) && isChunk(head));
  const claim = claimOf(head);
  makeHome(classIndex, head);
  const taken = takeSlots(head, claim, magazineAt(worker, classIndex), threeQuarters(roundLimit(classIndex)));
  if (taken === 0) repairSlab(head, claim);
  else setRoundCount(worker, classIndex, taken, 0);
  unclaimSlab(head, claim);
  return taken > 0;
}

/**
 * Under the claim: takes up to `want` free slots, marks them cached, and writes their rounds from `at` on,
 * highest address first, so that the top of the magazine is the lowest. Returns how many.
 */
function takeSlots(head: i32, claim: i32, at: i32, want: i32): i32 {
  const info = infoAt(head);
  const slots = slotsOf(claim);
  const freeBefore = load32((info + infoFreeCount) | 0);
  const wanted = most(least(freeBefore, want), 0);
  let left = wanted;
  for (let lineWord = 0; lineWord < lineWords && left > 0; lineWord++) {
    const linesAt = (info + infoLines + (lineWord << 2)) | 0;
    let bits = load32(linesAt);
    while (bits !== 0 && left > 0) {
      const from = ((lineWord << 5) + trailingZeros(bits)) << lineShift;
      const end = least(from + slotsPerLine, slots);
      const slotAfter = takeLine(head, claim, from, end, at, left);
      left = leftAfter;
      if (slotAfter < end) break;
      bits &= bits - 1;
      store32(linesAt, bits);
    }
  }
  const taken = wanted - left;
  // Only where the count of free slots was wrong.
  if (left > 0) moveDown(at, (at + (left << roundShift)) | 0, taken << (roundShift - 2));
  store32((info + infoFreeCount) | 0, freeBefore - taken);
  if (freeBefore === slots) setRemove(slabSet(0), head);
  if (freeBefore === taken) setRemove(slabSet(classOf(claim)), head);
  return taken;
}

/** Rounds yet to be taken after the last `takeLine`. */
let leftAfter: i32 = 0;

/** Takes the free ones of the slots from `from` to before `end` as far as they are wanted; returns the slot to go on by. */
function takeLine(head: i32, claim: i32, from: i32, end: i32, at: i32, want: i32): i32 {
  const first = firstSlot(head);
  const bytes = objectBytes(classOf(claim));
  const states = first + tableBytes;
  const four = quadOf(worker);
  const stateAt = (statesAt + first) | 0;
  let left = want;
  let slot = from;
  let address = (dataAt + (head << chunkShift) + multiply(from, bytes)) | 0;
  while (slot + 4 <= end && left >= 4 && loadQuad((stateAt + slot) | 0) === slotFree) {
    storeQuad((stateAt + slot) | 0, four);
    for (let i = 0; i < 4; i++) {
      left--;
      putRound((at + (left << roundShift)) | 0, address, states + slot + i);
      address = (address + bytes) | 0;
    }
    slot += 4;
  }
  while (slot < end && left > 0) {
    if (load8((stateAt + slot) | 0) === slotFree) {
      store8((stateAt + slot) | 0, worker);
      left--;
      putRound((at + (left << roundShift)) | 0, address, states + slot);
    }
    address = (address + bytes) | 0;
    slot++;
  }
  leftAfter = left;
  return slot;
}

function putRound(at: i32, address: i32, stateAt: i32): void {
  store32(at, address);
  store32((at + roundSlot) | 0, stateAt);
}
