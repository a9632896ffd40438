// A line of words for each seat of a storm of processes, in a file that all have open. A seat writes its own line; its words stay when
// its process is killed. Seat 0 is the parent's; its first word is the flag by which all end.

export class SeatLines {
  protected readonly words: Int32Array;
  private readonly wordsPerSeat: number;

  constructor(words: Int32Array, wordsPerSeat: number) {
    this.words = words;
    this.wordsPerSeat = wordsPerSeat;
  }

  stop(): void {
    Atomics.store(this.words, 0, 1);
  }

  isStopped(): boolean {
    return Atomics.load(this.words, 0) !== 0;
  }

  protected get(seat: number, at: number): number {
    return Atomics.load(this.words, seat * this.wordsPerSeat + at);
  }

  protected put(seat: number, at: number, value: number): void {
    Atomics.store(this.words, seat * this.wordsPerSeat + at, value);
  }
}
