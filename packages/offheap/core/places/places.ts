// Where this instance's heap has what, and whose instance it is: byte offsets in the memory, set once. An instance is one
// worker's in one heap; until it has a worker it serves what needs none.

import {
  chunkShift,
  classEntryShift,
  classesWord,
  classRoundLimit,
  countersShift,
  infoShift,
  keptCountShift,
  keptShift,
  mapWord,
  maxObjectBytes,
  mostPlaces,
  recordGauges,
  recordMagazines,
  roundShift,
} from "../layout/index.ts";
import { assert, bindOwn, constant32, divide, least, lessUnsigned, most, multiply } from "../target/index.ts";

/** Damaged books may name a longer slab. */
const mostChunks = 4096;
const fewestObjectBytes = 8;

export let heapAt: i32 = 0;
/** The slots' state bytes; right before them, so many bytes long, the table that has the class of each request. */
export let statesAt: i32 = 0;
export let tableBytes: i32 = 0;
export let dataAt: i32 = 0;
export let chunkCount: i32 = 0;
/** A slab's slots begin at head << stateShift. */
export let stateShift: i32 = 0;
export let slotsPerSlab: i32 = 0;
/** Most chunks of a slab. */
export let slabChunks: i32 = 0;
/** Most chunks of a span of pages; 0: a heap of slabs alone. */
export let pageSpanChunks: i32 = 0;
export let classCount: i32 = 0;
export let claimsAt: i32 = 0;
export let mapAt: i32 = 0;
let classesAt: i32 = 0;
export let infosAt: i32 = 0;
/** Sets of chunks: the free chunks, the wholly free slabs, then for each class the slabs with a free slot. */
export let freeSet: i32 = 0;
export let setBytes: i32 = 0;
export let cleanAt: i32 = 0;
export let agedAt: i32 = 0;
export let freeRunsAt: i32 = 0;
/** Leaves of the tree over the free chunks; 0 where there is none. */
export let freeRunsLeaves: i32 = 0;
/** 0 unless the data lies on huge pages. */
export let hugePad: i32 = 0;
export let cleanupInterval: i32 = 0;

/** Words of the three levels of a set, and those bits of the lowest level's last word that stand for chunks. */
export let lowWords: i32 = 0;
export let middleWords: i32 = 0;
export let topWords: i32 = 0;
export let lastMask: i32 = 0;

let wordsAt: i32 = 0;
let recordsAt: i32 = 0;
let recordBytes: i32 = 0;
let countersIn: i32 = 0;
let magazineShift: i32 = 0;
/** Rounds that there is space for in any magazine. */
let roundSpace: i32 = 0;
/** A gauge's bits that are above 1 where there is space and the allocations have not run over into the sign. */
export let spaceMask: i32 = 0;
let scratchIn: i32 = 0;
/** Bounds of the worker's scratch: slabs held at a time, chunks met. */
export let mostHeld: i32 = 0;
export let mostMet: i32 = 0;

let intentsAt: i32 = 0;
let intentBytes: i32 = 0;
let notesAt: i32 = 0;
let noteBytes: i32 = 0;
/** Workers that the heap has places for. */
export let workerCount: i32 = 0;
/** Objects that one worker has retired at most. */
export let mostRetired: i32 = 0;
/** What this worker is about in structures. */
export let ownIntent: i32 = 0;

/** The worker whose instance this is; 0: nobody's. */
export let worker: i32 = 0;
/** Its record. */
export let ownRecord: i32 = 0;
/** What it keeps: page runs, then spans. */
export let ownKept: i32 = 0;

export function placeHeap(heap: i32, data: i32, states: i32, chunks: i32, shift: i32): void {
  heapAt = heap;
  classesAt = heap + (classesWord << 2);
  mapAt = heap + (mapWord << 2);
  dataAt = data;
  statesAt = states;
  chunkCount = chunks;
  stateShift = shift;
  lowWords = (chunks + 31) >> 5;
  middleWords = (lowWords + 31) >> 5;
  topWords = (middleWords + 31) >> 5;
  lastMask = (chunks & 31) === 0 ? -1 : (1 << (chunks & 31)) - 1;
}

export function placeBooks(claims: i32, infos: i32, sets: i32, bytesOfSet: i32, table: i32): void {
  claimsAt = claims;
  infosAt = infos;
  freeSet = sets;
  setBytes = bytesOfSet;
  tableBytes = table;
}

export function placeHints(clean: i32, aged: i32, runs: i32, leaves: i32, pad: i32): void {
  cleanAt = clean;
  agedAt = aged;
  freeRunsAt = runs;
  freeRunsLeaves = leaves;
  hugePad = pad;
}

export function placeRecords(
  words: i32,
  records: i32,
  bytesOfRecord: i32,
  counters: i32,
  shiftOfMagazine: i32,
  scratch: i32,
): void {
  wordsAt = words;
  recordsAt = records;
  recordBytes = bytesOfRecord;
  countersIn = counters;
  magazineShift = shiftOfMagazine;
  roundSpace = (1 << shiftOfMagazine) - 2;
  spaceMask = (1 << 31) | ((1 << shiftOfMagazine) - 1);
  scratchIn = scratch;
}

export function setLimits(classes: i32, slots: i32, chunks: i32, pageChunks: i32, interval: i32): void {
  classCount = classes;
  slotsPerSlab = slots;
  slabChunks = chunks;
  pageSpanChunks = pageChunks;
  cleanupInterval = interval;
}

export function setScratch(held: i32, met: i32): void {
  mostHeld = held;
  mostMet = met;
}

export function placeIntents(
  intents: i32,
  bytesOfIntent: i32,
  notes: i32,
  bytesOfNotes: i32,
  workers: i32,
  retired: i32,
): void {
  intentsAt = intents;
  intentBytes = bytesOfIntent;
  notesAt = notes;
  noteBytes = bytesOfNotes;
  workerCount = workers;
  mostRetired = retired;
}

/** From now on the instance is this worker's. */
export function setWorker(w: i32): void {
  assert(isPlace(w));
  worker = w;
  ownRecord = recordOf(w);
  ownIntent = intentOf(w);
  ownKept = keptOf(w);
  bindOwn((ownRecord + scratchIn) | 0);
}

/** What a call may be about: for asserts. */
export function isPlace(w: i32): bool {
  return w > 0 && w <= mostPlaces;
}
export function isClass(classIndex: i32): bool {
  return classIndex > 0 && classIndex <= classCount;
}
export function isChunk(chunk: i32): bool {
  return lessUnsigned(chunk, chunkCount);
}
export function isRun(first: i32, length: i32): bool {
  return isChunk(first) && length > 0 && length <= chunkCount - first;
}

/** The lower half of the word that says whether a worker is attached. */
export function workerWordAt(w: i32): i32 {
  return (wordsAt + (w << 3)) | 0;
}
export function recordOf(w: i32): i32 {
  return (recordsAt + multiply(w - 1, recordBytes)) | 0;
}
/** What a worker keeps: two tables right before its scratch, of page runs and of spans. */
export function keptOf(w: i32): i32 {
  return (recordOf(w) + scratchIn - (2 << (keptCountShift + keptShift))) | 0;
}
/** What a worker is about in structures. */
export function intentOf(w: i32): i32 {
  return (intentsAt + multiply(w - 1, intentBytes)) | 0;
}
/** Where a worker notes that another's exchange took place: all that it notes is on lines of its own. */
export function noteAt(w: i32, by: i32): i32 {
  return (notesAt + multiply(by - 1, noteBytes) + (w << 2)) | 0;
}
export function gaugeAt(w: i32, classIndex: i32): i32 {
  return (recordOf(w) + recordGauges + (classIndex << 2)) | 0;
}
export function countersAt(w: i32, classIndex: i32): i32 {
  return (recordOf(w) + countersIn + ((classIndex - 1) << countersShift)) | 0;
}
/** The gauge's index where the class's magazine is empty: that of a round that is none. */
export function emptyIndex(classIndex: i32): i32 {
  return (classIndex << magazineShift) - roundLimit(classIndex);
}
/** The lowest round of a magazine. */
export function magazineAt(w: i32, classIndex: i32): i32 {
  return (recordOf(w) + recordMagazines + ((emptyIndex(classIndex) + 1) << roundShift)) | 0;
}

// Both within bounds whatever the header says: it may have been damaged, and loops end by them.
export function objectBytes(classIndex: i32): i32 {
  const bytes = constant32((classesAt + ((classIndex - 1) << classEntryShift)) | 0);
  return most(least(bytes, maxObjectBytes), fewestObjectBytes);
}
/** Rounds of a full magazine. */
export function roundLimit(classIndex: i32): i32 {
  const limit = constant32((classesAt + ((classIndex - 1) << classEntryShift) + classRoundLimit) | 0);
  return most(least(limit, roundSpace), 1);
}
/** Slots of a slab of so many chunks. */
export function slotCount(classIndex: i32, chunks: i32): i32 {
  const slots = divide(least(chunks, mostChunks) << chunkShift, objectBytes(classIndex));
  return slots < slotsPerSlab ? slots : slotsPerSlab;
}

export function infoAt(head: i32): i32 {
  return (infosAt + (head << infoShift)) | 0;
}
/** Where a class's set of slabs with a free slot is; of class 0 the set of the wholly free ones. */
export function slabSet(classIndex: i32): i32 {
  return (freeSet + multiply(classIndex + 1, setBytes)) | 0;
}
