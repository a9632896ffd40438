// The claim word of a chunk: the truth about the span that it belongs to. Read and written with atomics only.
//
//   bits 0–2 tag | 3–9 worker | 10–25 length − 1, or distance to the head | 26–31 size class
//
//   FREE        in no span                      BODY(d,x)        its span's head is d chunks before it; x made it one
//   BUILDING    being taken, or given back,     UNCLAIMED(c,len) a slab of class c that nobody holds
//               by a worker                     CLAIMED(c,len,x) the same, held by worker x for a moment
//   LARGE(x,len)   one live object of its own,  PAGES(len)       a span of page runs that nobody holds
//               worker x's, or nobody's (0)     PAGES_HELD(len,x) the same, held by worker x for a moment

import {
  claimClassShift,
  claimKeptBit,
  claimLengthShift,
  claimWorkerMask,
  claimWorkerShift,
  tagBody,
  tagBuilding,
  tagClaimed,
  tagFree,
  tagLarge,
  tagMask,
  tagPages,
  tagPagesHeld,
  tagUnclaimed,
} from "../../core/layout/index.ts";
import type { ClassIndex, WorkerPlace } from "../base/index.ts";

export const tag = {
  free: tagFree,
  body: tagBody,
  building: tagBuilding,
  unclaimed: tagUnclaimed,
  claimed: tagClaimed,
  large: tagLarge,
  pages: tagPages,
  pagesHeld: tagPagesHeld,
} as const;
export const claimFree = tagFree;

const workerShift = claimWorkerShift;
const lengthShift = claimLengthShift;
const classShift = claimClassShift;

/** Tag and worker: of a live object of its own, whose it is. */
export const ownerBits = (1 << lengthShift) - 1;

export function claimBody(distance: number, worker: WorkerPlace): number {
  return tag.body | (worker << workerShift) | (distance << lengthShift);
}

export function claimBuilding(worker: WorkerPlace, length: number): number {
  return tag.building | (worker << workerShift) | ((length - 1) << lengthShift);
}

/** Freed, and kept by the worker for its next object of that length. */
export function claimKept(worker: WorkerPlace, length: number): number {
  return claimBuilding(worker, length) | claimKeptBit;
}

export function isKept(claim: number): boolean {
  return tagOf(claim) === tag.building && (claim & claimKeptBit) !== 0;
}

export function claimUnclaimed(classIndex: ClassIndex, length: number): number {
  return tag.unclaimed | ((length - 1) << lengthShift) | (classIndex << classShift);
}

export function claimClaimed(classIndex: ClassIndex, length: number, worker: WorkerPlace): number {
  return tag.claimed | (worker << workerShift) | ((length - 1) << lengthShift) | (classIndex << classShift);
}

/** `owner` 0: nobody's. */
export function claimLarge(owner: WorkerPlace | 0, length: number): number {
  return tag.large | (owner << workerShift) | ((length - 1) << lengthShift);
}

export function claimPages(length: number): number {
  return tag.pages | ((length - 1) << lengthShift);
}

export function claimPagesHeld(length: number, worker: WorkerPlace): number {
  return tag.pagesHeld | (worker << workerShift) | ((length - 1) << lengthShift);
}

export function tagOf(claim: number): number {
  return claim & tagMask;
}

export function workerOf(claim: number): WorkerPlace {
  return ((claim >>> workerShift) & claimWorkerMask) as WorkerPlace;
}

export function lengthOf(claim: number): number {
  return ((claim >>> lengthShift) & 0xffff) + 1;
}

export function distanceOf(claim: number): number {
  return (claim >>> lengthShift) & 0xffff;
}

export function classOf(claim: number): ClassIndex {
  return (claim >>> classShift) as ClassIndex;
}

/** Whether the chunk is a body at that distance from its head, whoever made it one. */
export function isBody(claim: number, distance: number): boolean {
  return tagOf(claim) === tag.body && distanceOf(claim) === distance;
}

/** Whether the chunk is the head of a span of pages, held or not. */
export function isPages(claim: number): boolean {
  return tagOf(claim) >= tag.pages;
}

/** Whether the chunk is the head of a slab, held or not. */
export function isSlab(claim: number): boolean {
  const kind = tagOf(claim);
  return kind === tag.unclaimed || kind === tag.claimed;
}
