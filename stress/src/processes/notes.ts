// What the processes of a storm know outside of the heap: a file of its own, with a line of words for each thread and the ledger.
// Each thread writes its own line. Its words stay when the process is killed: so they tell where that struck.

import { heapOffset, openMemory } from "offheap/process";
import { wordsPerCell } from "../ledger.ts";
import { Cells } from "./cells.ts";
import { SeatLines } from "./lines.ts";

const wordsPerSeat = 32;
const word = { workerId: 0, inside: 1, isReady: 2, hasLeft: 3, holding: 4 } as const;
/** Running counts of a seat, over all who sat there. */
export const count = {
  allocations: 16,
  frees: 17,
  sent: 18,
  received: 19,
  updates: 20,
  begunUpdates: 21,
  outOfMemory: 22,
} as const;
export type CountName = keyof typeof count;
/** What a thread is in the midst of. */
export const inside = { nothing: 0, allocate: 1, deallocate: 2, ring: 3, record: 4 } as const;
export const seatCount = 32;
const linesBytes = seatCount * wordsPerSeat * 4;

export type OpenedMemory = ReturnType<typeof openMemory>;

export class Notes extends SeatLines {
  readonly memory: OpenedMemory;
  readonly cells: Cells;

  constructor(memory: OpenedMemory) {
    const buffer = memory.buffer as unknown as SharedArrayBuffer;
    super(new Int32Array(buffer, heapOffset, linesBytes / 4), wordsPerSeat);
    this.memory = memory;
    this.cells = new Cells(buffer, heapOffset + linesBytes);
  }

  /** Makes the file for at least so many cells, or opens it. */
  static open(path: string, cellCount?: number): Notes {
    const bytes = linesBytes + (cellCount ?? 0) * wordsPerCell * 4;
    const whole = Math.ceil(bytes / 65_536) * 65_536;
    return new Notes(openMemory(path, cellCount === undefined ? {} : { bytes: whole }));
  }

  /** Before somebody new sits down. */
  clear(seat: number): void {
    for (const each of Object.values(word)) this.put(seat, each, 0);
  }

  workerIdOf(seat: number): number {
    return this.get(seat, word.workerId);
  }

  begin(seat: number, workerId: number): void {
    this.put(seat, word.workerId, workerId);
  }

  /** Its first call is next. */
  beReady(seat: number): void {
    this.put(seat, word.isReady, 1);
  }

  isReady(seat: number): boolean {
    return this.get(seat, word.isReady) !== 0;
  }

  leave(seat: number): void {
    this.put(seat, word.hasLeft, 1);
  }

  hasLeft(seat: number): boolean {
    return this.get(seat, word.hasLeft) !== 0;
  }

  /** An atomic store: the engine moves none of the call's stores past it. */
  enter(seat: number, what: number): void {
    this.put(seat, word.inside, what);
  }

  insideOf(seat: number): number {
    return this.get(seat, word.inside);
  }

  /** Objects at most that it has, and no cell knows. */
  setHolding(seat: number, objects: number): void {
    this.put(seat, word.holding, objects);
  }

  holdingOf(seat: number): number {
    return this.get(seat, word.holding);
  }

  add(seat: number, name: CountName, n = 1): void {
    const at = seat * wordsPerSeat + count[name];
    this.words[at] = ((this.words[at] as number) + n) | 0;
  }

  countOf(seat: number, name: CountName): number {
    return this.get(seat, count[name]) >>> 0;
  }

  total(name: CountName): number {
    let sum = 0;
    for (let seat = 1; seat < seatCount; seat++) sum += this.countOf(seat, name);
    return sum;
  }
}
