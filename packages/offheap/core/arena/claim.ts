// The claim word of a chunk: the truth about the span that it belongs to. Read and written with atomics only.
//
//   bits 0–2 tag | 3–9 worker | 10–25 length − 1, or distance to the head | 26–31 size class

import {
  claimClassShift,
  claimKeptBit,
  claimLengthMask,
  claimLengthShift,
  claimWorkerMask,
  claimWorkerShift,
  tagBody,
  tagBuilding,
  tagClaimed,
  tagLarge,
  tagMask,
  tagPages,
  tagPagesHeld,
  tagUnclaimed,
} from "../layout/index.ts";
import { claimsAt, classCount, worker } from "../places/index.ts";
import { atomicLoad32, atomicStore32, compareExchange32 } from "../target/index.ts";

export function claimBody(distance: i32): i32 {
  return tagBody | (worker << claimWorkerShift) | (distance << claimLengthShift);
}
export function claimBuilding(length: i32): i32 {
  return tagBuilding | (worker << claimWorkerShift) | ((length - 1) << claimLengthShift);
}
/** Freed, and kept by this worker: BUILDING to all who would take or free it. */
export function claimKept(length: i32): i32 {
  return claimBuilding(length) | claimKeptBit;
}
export function claimUnclaimed(classIndex: i32, length: i32): i32 {
  return tagUnclaimed | ((length - 1) << claimLengthShift) | (classIndex << claimClassShift);
}
export function claimClaimed(classIndex: i32, length: i32): i32 {
  return (
    tagClaimed |
    (worker << claimWorkerShift) |
    ((length - 1) << claimLengthShift) |
    (classIndex << claimClassShift)
  );
}
export function claimLarge(owner: i32, length: i32): i32 {
  return tagLarge | (owner << claimWorkerShift) | ((length - 1) << claimLengthShift);
}
export function claimPages(length: i32): i32 {
  return tagPages | ((length - 1) << claimLengthShift);
}
export function claimPagesHeld(length: i32): i32 {
  return tagPagesHeld | (worker << claimWorkerShift) | ((length - 1) << claimLengthShift);
}

export function tagOf(claim: i32): i32 {
  return claim & tagMask;
}
export function lengthOf(claim: i32): i32 {
  return ((claim >>> claimLengthShift) & claimLengthMask) + 1;
}
export function distanceOf(claim: i32): i32 {
  return (claim >>> claimLengthShift) & claimLengthMask;
}
export function classOf(claim: i32): i32 {
  return claim >>> claimClassShift;
}
export function workerOf(claim: i32): i32 {
  return (claim >>> claimWorkerShift) & claimWorkerMask;
}
/** Whether it is that of a span of pages, held or not. */
export function isPages(claim: i32): bool {
  return tagOf(claim) >= tagPages;
}
/** Whether a claim word is that of a slab, held or not. One with a class that is none is damaged. */
export function isSlab(claim: i32): bool {
  const kind = claim & tagMask;
  const classIndex = claim >>> claimClassShift;
  return (kind === tagUnclaimed || kind === tagClaimed) && classIndex > 0 && classIndex <= classCount;
}

export function claimOf(chunk: i32): i32 {
  return atomicLoad32((claimsAt + (chunk << 2)) | 0);
}
/** Publishes everything written under the claim. */
export function storeClaim(chunk: i32, claim: i32): void {
  atomicStore32((claimsAt + (chunk << 2)) | 0, claim);
}
/** Acquires what the last holder wrote under its claim, when it succeeds. */
export function swapClaim(chunk: i32, expected: i32, desired: i32): bool {
  return compareExchange32((claimsAt + (chunk << 2)) | 0, expected, desired);
}
