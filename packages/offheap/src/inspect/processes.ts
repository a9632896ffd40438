// The processes that share a heap, each by its entry in the file's table: it stands while its process holds the lock of its
// number. Walks the heap, to count whose its objects are.

import { pageFree, pageFreed } from "../../core/layout/index.ts";
import { classOf, forEachClaim, isPages, isSlab, lengthOf, tag, tagOf, workerOf } from "../arena/index.ts";
import type { WorkerId } from "../base/index.ts";
import {
  entryStatus,
  fileHeaderAt,
  pageCountOf,
  processCount,
  processEntry,
  processEntryAt,
  slotCountOf,
  slotLive,
  statesPerPage,
} from "../layout/index.ts";
import { bufferOf, type Heap } from "../memory/index.ts";
import { processOf, Workers } from "../worker/index.ts";

/** A process that shares a heap. */
export interface ProcessStats {
  /** Its number in the heap's file: no two at one time have the same. */
  process: number;
  pid: number;
  /** When it opened the file: milliseconds since 1970. */
  since: number;
  isSelf: boolean;
  /** Its workers that are attached. */
  workers: WorkerId[];
  /** Objects that these have allocated or adopted, and that are live. */
  liveObjects: number;
}

const workerMask = slotLive - 1;

export function processesOf(heap: Heap): ProcessStats[] {
  const { ownPage, os } = heap;
  if (ownPage === undefined) return [];
  const isHeld = (process: number) =>
    process === ownPage.process || os?.processes.calls?.isLocked(ownPage.descriptor, process) !== false;
  const table = new Int32Array(bufferOf(heap.source), fileHeaderAt);
  const live = liveByPlace(heap);
  const workers = new Workers(heap).live();
  const listed: ProcessStats[] = [];
  for (let process = 1; process <= processCount; process++) {
    const at = processEntryAt(process);
    if (table[at + processEntry.status] !== entryStatus.open || !isHeld(process)) continue;
    const places = workers.filter(({ token }) => processOf(heap, token) === process);
    const low = (table[at + processEntry.since] as number) >>> 0;
    listed.push({
      process,
      pid: table[at + processEntry.pid] as number,
      since: (table[at + processEntry.since + 1] as number) * 2 ** 32 + low,
      isSelf: process === ownPage.process,
      workers: places.map(({ place }) => new Workers(heap).idOf(place)),
      liveObjects: places.reduce((sum, { place }) => sum + (live[place] as number), 0),
    });
  }
  return listed;
}

/** Live objects by the place of whose they are. */
function liveByPlace(heap: Heap): Float64Array {
  const live = new Float64Array(slotLive);
  const count = (place: number) => {
    live[place] = (live[place] as number) + 1;
  };
  forEachClaim(heap, (claim, chunk) => {
    if (tagOf(claim) === tag.large) count(workerOf(claim));
    else if (isSlab(claim)) countSlots(heap, chunk, claim, count);
    else if (isPages(claim)) countRuns(heap, chunk, lengthOf(claim), count);
  });
  return live;
}

function countSlots({ states, layout }: Heap, head: number, claim: number, count: (place: number) => void) {
  const first = head * 2 ** layout.stateShift;
  const end = first + slotCountOf(layout, classOf(claim), lengthOf(claim));
  for (let slot = first; slot < end; slot++) {
    const state = states[slot] as number;
    if (state >= slotLive) count(state & workerMask);
  }
}

/** The first byte of a run is its owner's, the next one says how many pages it has. */
function countRuns({ states, layout }: Heap, head: number, length: number, count: (place: number) => void) {
  const first = head * 2 ** layout.stateShift;
  const end = first + pageCountOf(layout, length) * statesPerPage;
  for (let slot = first; slot < end; ) {
    const state = states[slot] as number;
    if (state >= slotLive && state < pageFreed) count(state & workerMask);
    slot += (state === pageFree ? 1 : (states[slot + 1] as number) || 1) * statesPerPage;
  }
}
