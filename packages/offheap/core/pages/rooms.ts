// The sets of the spans of pages: rooms by their longest free run, those with frees to collect, the empty ones. Written
// under a span's claim; hints, as all sets.
// Plain loads: page info, under the claim.
//
//   longest = pages of the longest free run     in room r for an r ≥ floor(log2(longest)), if that is not 0

import { claimOf, setAdd, setHas, setRemove, tagOf } from "../arena/index.ts";
import { infoFreeCount, infoLongest, roomCount, tagPages, tagPagesHeld } from "../layout/index.ts";
import { classCount, infoAt, isChunk, slabSet } from "../places/index.ts";
import { assert, leadingZeros, load32 } from "../target/index.ts";

/** The room of spans whose longest free run has so many pages; −1, which is none, for 0. */
export function roomOf(pages: i32): i32 {
  return 31 - leadingZeros(pages);
}

/** They come behind the sets of the classes; the empty ones are the last but none, those with frees before. */
export function roomSet(room: i32): i32 {
  return slabSet(classCount + 1 + room);
}

/** Into the room of its longest run, unless it is in that or a larger one. Damaged books may name none there is. */
export function enterRoom(head: i32, longest: i32): void {
  assert(isChunk(head));
  const room = roomOf(longest);
  if (room < 0 || room >= roomCount) return;
  for (let at = room; at < roomCount; at++) if (setHas(roomSet(at), head)) return;
  setAdd(roomSet(room), head);
}

/** Under the claim: out of the rooms that are too large, and of the empty ones if it is not, having `all` pages. */
export function repairRooms(head: i32, all: i32): void {
  assert(isChunk(head));
  const info = infoAt(head);
  const room = roomOf(load32((info + infoLongest) | 0));
  if (room >= 0 && room < roomCount && !setHas(roomSet(room), head)) setAdd(roomSet(room), head);
  for (let above = room + 1; above < roomCount; above++)
    if (setHas(roomSet(above), head)) setRemove(roomSet(above), head);
  const emptySet = roomSet(roomCount + 1);
  if (load32((info + infoFreeCount) | 0) !== all && setHas(emptySet, head)) setRemove(emptySet, head);
}

/** Takes a member out of a set of these if it is no span of pages. */
export function repairPagesHint(set: i32, head: i32): void {
  assert(isChunk(head));
  if (isPagesAt(head)) return;
  setRemove(set, head);
  if (isPagesAt(head)) setAdd(set, head);
}

function isPagesAt(head: i32): bool {
  const kind = tagOf(claimOf(head));
  return kind === tagPages || kind === tagPagesHeld;
}
