// What the processes of a storm of caches know outside of the cache: a file of its own, with a line of words for each seat. Its
// words stay when its process is killed: they tell whether it was making a value.

import { heapOffset, openMemory } from "offheap/process";
import { SeatLines } from "../processes/lines.ts";

const wordsPerSeat = 16;
const fileBytes = 65_536;
const word = { isReady: 0, isMaking: 1 } as const;
/** Running counts of a seat, over all who sat there. */
export const cacheCount = { hits: 2, misses: 3, sets: 4, refused: 5, made: 6, iterated: 7 } as const;
export type CacheCountName = keyof typeof cacheCount;
export const mostSeats = 64;

export class CacheNotes extends SeatLines {
  readonly memory: ReturnType<typeof openMemory>;

  constructor(path: string) {
    const memory = openMemory(path, { bytes: fileBytes });
    const buffer = memory.buffer as unknown as SharedArrayBuffer;
    super(new Int32Array(buffer, heapOffset, mostSeats * wordsPerSeat), wordsPerSeat);
    this.memory = memory;
  }

  /** Before somebody new sits down. */
  clear(seat: number): void {
    for (const each of Object.values(word)) this.put(seat, each, 0);
  }

  beReady(seat: number): void {
    this.put(seat, word.isReady, 1);
  }

  isReady(seat: number): boolean {
    return this.get(seat, word.isReady) !== 0;
  }

  setMaking(seat: number, isMaking: boolean): void {
    this.put(seat, word.isMaking, isMaking ? 1 : 0);
  }

  isMaking(seat: number): boolean {
    return this.get(seat, word.isMaking) !== 0;
  }

  add(seat: number, name: CacheCountName): void {
    this.put(seat, cacheCount[name], this.get(seat, cacheCount[name]) + 1);
  }

  total(name: CacheCountName): number {
    let sum = 0;
    for (let seat = 1; seat < mostSeats; seat++) sum += this.get(seat, cacheCount[name]);
    return sum;
  }
}
