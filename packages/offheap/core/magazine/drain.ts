// Drain: the oldest rounds of a magazine go home to their slabs, each under a claim held for a moment. What another
// worker holds just now stays in the magazine.
//
//   rounds of the oldest one's slab   in one pass; again for the next, while that sends enough
//   what is scattered over more       in one pass that claims each slab where it is met, and lets all go at the end
//
// Plain loads: rounds and state bytes as in rounds.ts; info words under the slab's claim.

import { claimOf, classOf, lengthOf } from "../arena/index.ts";
import {
  infoLines,
  infoShift,
  lineShift,
  noChunk,
  roundShift,
  roundSlot,
  slotFree,
  slotsPerLine,
} from "../layout/index.ts";
import {
  chunkCount,
  infoAt,
  infosAt,
  isClass,
  isPlace,
  magazineAt,
  mostHeld,
  mostMet,
  stateShift,
  statesAt,
  tableBytes,
  worker,
} from "../places/index.ts";
import {
  addFree,
  claimSlab,
  countStates,
  firstSlot,
  freeStates,
  headOfSlot,
  notClaimed,
  slotsOf,
  unclaimSlab,
} from "../slab/index.ts";
import {
  assert,
  least,
  lessUnsigned,
  load8,
  load32,
  moveDown,
  ownLoad8,
  ownLoad32,
  ownStore8,
  ownStore32,
  store8,
  store32,
} from "../target/index.ts";
import { roundCountIn, setRoundCount, straysOf } from "./gauge.ts";
import { slotOfRound } from "./rounds.ts";
import { uncount } from "./strays.ts";

/** A pass over the rounds for one slab is followed by another while it sends at least this part of them. */
const passesWorth = 4;
/** Fewer rounds are not looked at before a pass. */
const fewRounds = 16;
/** A line is swept, four slots at a time, where a row of rounds is at least this part of it. */
const lineWorth = 3;

// The scratch: how many chunks were met and which, the slabs that are held, then a byte a chunk, which says what a round
// leads to there: not met yet, the place of a held slab, a slab that cannot be had, or no slab of the class.
const metCount = 0;
const metAt = 4;
const unmet = 0;
const passed = 254;
const foreign = 255;
/** A held slab: its head, its claim, slots freed. */
const heldShift = 4;
const heldClaim = 4;
const heldFreed = 8;

let heldCount: i32 = 0;

function heldAt(place: i32): i32 {
  return metAt + (mostMet << 2) + (place << heldShift);
}
function placeAt(chunk: i32): i32 {
  return metAt + (mostMet << 2) + (mostHeld << heldShift) + chunk;
}

/** Sends the `count` oldest rounds home; returns how many left the magazine. */
export function drain(classIndex: i32, count: i32): i32 {
  assert(isPlace(worker) && isClass(classIndex));
  const roundCount = roundCountIn(worker, classIndex);
  const oldest = least(count, roundCount);
  if (oldest <= 0) return 0;
  let kept = oldest;
  let sent = oldest;
  while (kept > 0 && sent * passesWorth >= oldest && isWorthAPass(classIndex, kept)) {
    sent = kept - sendFirst(classIndex, kept);
    kept -= sent;
  }
  if (kept * 2 > oldest) kept = sendScattered(classIndex, kept);
  const gone = oldest - kept;
  const at = magazineAt(worker, classIndex);
  if (gone > 0) {
    const words = (roundCount - oldest) << (roundShift - 2);
    moveDown((at + (kept << roundShift)) | 0, (at + (oldest << roundShift)) | 0, words);
  }
  setRoundCount(worker, classIndex, roundCount - gone, 0);
  return gone;
}

/** After an exception or a death in the middle of a drain: what it had noted is forgotten. */
export function forgetDrain(): void {
  const count = least(ownLoad32(metCount), mostMet);
  for (let i = 0; i < count; i++) {
    const chunk = ownLoad32(metAt + (i << 2));
    if (lessUnsigned(chunk, chunkCount)) ownStore8(placeAt(chunk), unmet);
  }
  if (count !== 0) ownStore32(metCount, 0);
  heldCount = 0;
}

/** Whether the oldest round's slab has one of three others, too. */
function isWorthAPass(classIndex: i32, count: i32): bool {
  if (count < fewRounds) return true;
  const head = headOfRound(classIndex, 0);
  for (let quarter = 1; quarter < 4; quarter++)
    if (headOfRound(classIndex, (count * quarter) >> 2) === head) return true;
  return false;
}

function headOfRound(classIndex: i32, round: i32): i32 {
  return headOfSlot(slotOfRound(worker, classIndex, round), classIndex);
}

/** Sends home the rounds that share the oldest one's slab; closes the gaps, returns how many are kept. */
function sendFirst(classIndex: i32, count: i32): i32 {
  const at = magazineAt(worker, classIndex);
  const head = headOfRound(classIndex, 0);
  const claim = head === noChunk ? notClaimed : claimSlab(head);
  if (claim === notClaimed) return count;
  const first = firstSlot(head) + tableBytes;
  const slots = slotsOf(claim);
  let freed = 0;
  let kept = 0;
  let round = 0;
  while (round < count) {
    const roundAt = (at + (round << roundShift)) | 0;
    const stateAt = load32((roundAt + roundSlot) | 0);
    const index = stateAt - first;
    if (index < 0 || index >= slots) {
      copyRound((at + (kept << roundShift)) | 0, roundAt, stateAt);
      kept++;
      round++;
      continue;
    }
    // Whatever the order of the frees, the rounds of a line mostly stand in a row.
    const line = index >> lineShift;
    const lineFirst = first + (line << lineShift);
    const lineSlots = least(slotsPerLine, slots - (line << lineShift));
    let next = round + 1;
    while (
      next < count &&
      lessUnsigned(load32((at + (next << roundShift) + roundSlot) | 0) - lineFirst, lineSlots)
    )
      next++;
    markLine(infoAt(head), line);
    const row = next - round;
    if (row * lineWorth >= lineSlots && sweepLine(classIndex, lineFirst - tableBytes, lineSlots, row))
      freed += row;
    else freed += sendRow(classIndex, at, round, next);
    round = next;
  }
  addFree(head, claim, freed);
  unclaimSlab(head, claim);
  return kept;
}

function copyRound(to: i32, from: i32, stateAt: i32): void {
  store32(to, load32(from));
  store32((to + roundSlot) | 0, stateAt);
}

function markLine(info: i32, line: i32): void {
  const at = (info + infoLines + ((line >> 5) << 2)) | 0;
  store32(at, load32(at) | (1 << (line & 31)));
}

/** Frees what rounds lead to, one by one; returns how many were this worker's. */
function sendRow(classIndex: i32, at: i32, from: i32, end: i32): i32 {
  let freed = 0;
  for (let round = from; round < end; round++) {
    const slot = load32((at + (round << roundShift) + roundSlot) | 0) - tableBytes;
    if (load8((statesAt + slot) | 0) === worker) {
      store8((statesAt + slot) | 0, slotFree);
      freed++;
    } else uncount(classIndex, slot);
  }
  return freed;
}

/**
 * Frees what this worker has cached in a line of a slab that it holds, if that are as many slots as `rounds` in a row
 * lead to. Else one of these is not ours any more, or there is another besides: false, nothing is done.
 */
function sweepLine(classIndex: i32, slot: i32, slots: i32, roundCount: i32): bool {
  if (straysOf(worker, classIndex) !== 0 || countStates(slot, slot + slots, worker) !== roundCount)
    return false;
  freeStates(slot, slot + slots, worker);
  return true;
}

/** Sends home the first `count` rounds, whatever their slabs; closes the gaps, returns how many are kept. */
function sendScattered(classIndex: i32, count: i32): i32 {
  const at = magazineAt(worker, classIndex);
  let kept = 0;
  for (let round = 0; round < count; round++) {
    const roundAt = (at + (round << roundShift)) | 0;
    const stateAt = load32((roundAt + roundSlot) | 0);
    const slot = stateAt - tableBytes;
    const chunk = slot >>> stateShift;
    let place = lessUnsigned(chunk, chunkCount) ? ownLoad8(placeAt(chunk)) : foreign;
    if (place === unmet) place = meet(classIndex, chunk);
    if (place < passed && load8((statesAt + slot) | 0) === worker) {
      store8((statesAt + slot) | 0, slotFree);
      const held = heldAt(place - 1);
      const head = ownLoad32(held);
      ownStore32(held + heldFreed, ownLoad32(held + heldFreed) + 1);
      markLine((infosAt + (head << infoShift)) | 0, (slot - firstSlot(head)) >> lineShift);
    } else if (place === passed) {
      copyRound((at + (kept << roundShift)) | 0, roundAt, stateAt);
      kept++;
    } else uncount(classIndex, slot);
  }
  letGo();
  return kept;
}

/** A round leads to a chunk for the first time: claims its slab, unless another chunk led there before. */
function meet(classIndex: i32, chunk: i32): i32 {
  const head = headOfSlot(chunk << stateShift, classIndex);
  if (head < 0) return note(chunk, foreign);
  let found = ownLoad8(placeAt(head));
  if (found === unmet) found = note(head, hold(classIndex, head));
  if (head === chunk) return found;
  const isWithin = found >= passed || chunk - head < lengthOf(claimOf(head));
  return note(chunk, isWithin ? found : foreign);
}

/** The list of the met comes first, so that who comes after a death finds each mark. */
function note(chunk: i32, found: i32): i32 {
  const count = ownLoad32(metCount);
  if (count >= mostMet) return passed;
  ownStore32(metAt + (count << 2), chunk);
  ownStore32(metCount, count + 1);
  ownStore8(placeAt(chunk), found);
  return found;
}

function hold(classIndex: i32, head: i32): i32 {
  const claim = heldCount < mostHeld ? claimSlab(head) : notClaimed;
  if (claim === notClaimed) return passed;
  if (classOf(claim) !== classIndex) {
    unclaimSlab(head, claim);
    return foreign;
  }
  const held = heldAt(heldCount);
  ownStore32(held, head);
  ownStore32(held + heldClaim, claim);
  ownStore32(held + heldFreed, 0);
  heldCount++;
  return heldCount;
}

/** Counts what was freed of each slab that is held, and lets it go. */
function letGo(): void {
  for (let i = 0; i < heldCount; i++) {
    const held = heldAt(i);
    const head = ownLoad32(held);
    const claim = ownLoad32(held + heldClaim);
    addFree(head, claim, ownLoad32(held + heldFreed));
    unclaimSlab(head, claim);
  }
  forgetDrain();
}
