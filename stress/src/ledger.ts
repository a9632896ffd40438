// The ledger: who knows of which object, outside the heap, so that after any kill the main thread can tell
// what must be live. A cell is one object; its holder word is the truth about the cell.
//
//   empty → filling(seat) → published         address = 0 ⇐ empty
//   published → taking | rewriting | adopting (seat) → published, or empty
//
// Each step is one store, in an order from which the main thread can settle a cell whose holder was killed:
//   filling   creator, serial; allocate; address; fill; published      taking    deallocate; address = 0; empty
//   adopting  adopt; creator; published                                rewriting fill; published
// Addresses pass from worker to worker by the compare-exchange of the holder word.

export const phase = {
  none: 0,
  filling: 1,
  taking: 2,
  rewriting: 3,
  adopting: 4,
  sending: 5,
  receiving: 6,
} as const;

export const wordsPerCell = 8;
const holderWord = 0;
const addressWord = 1;
const serialWord = 2;
const creatorWord = 3;

const empty = 0;
const published = -1;
export const seatsPerPhase = 1024;

export class Ledger {
  readonly buffer: SharedArrayBuffer;
  readonly cellCount: number;
  private readonly words: Int32Array;

  constructor(buffer: SharedArrayBuffer, from = 0, bytes = buffer.byteLength - from) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, from, bytes / 4);
    this.cellCount = this.words.length / wordsPerCell;
  }

  static create(cellCount: number): Ledger {
    return new Ledger(new SharedArrayBuffer(cellCount * wordsPerCell * 4));
  }

  isEmpty(cell: number): boolean {
    return this.load(cell, holderWord) === empty;
  }

  isPublished(cell: number): boolean {
    return this.load(cell, holderWord) === published;
  }

  /** The phase in which a seat holds the cell; `none` when it does not. */
  phaseOf(cell: number, seat: number): number {
    const holder = this.load(cell, holderWord);
    return holder > 0 && holder % seatsPerPhase === seat ? Math.floor(holder / seatsPerPhase) : phase.none;
  }

  /** The seat that holds the cell; −1 when nobody does. */
  holderOf(cell: number): number {
    const holder = this.load(cell, holderWord);
    return holder > 0 ? holder % seatsPerPhase : -1;
  }

  /** An empty cell becomes the seat's, to be filled. */
  beginFill(cell: number, seat: number): boolean {
    return this.swap(cell, empty, phase.filling * seatsPerPhase + seat);
  }

  /** A published cell becomes the seat's. */
  begin(cell: number, seat: number, what: number): boolean {
    return this.swap(cell, published, what * seatsPerPhase + seat);
  }

  publish(cell: number): void {
    this.store(cell, holderWord, published);
  }

  clear(cell: number): void {
    this.store(cell, creatorWord, 0);
    this.store(cell, addressWord, 0);
    this.store(cell, holderWord, empty);
  }

  addressOf(cell: number): number {
    return this.load(cell, addressWord) >>> 0;
  }

  setAddress(cell: number, address: number): void {
    this.store(cell, addressWord, address | 0);
  }

  serialOf(cell: number): number {
    return this.load(cell, serialWord);
  }

  setSerial(cell: number, serial: number): void {
    this.store(cell, serialWord, serial);
  }

  /** Worker id of the one whose object it is, as far as the heap knows. */
  creatorOf(cell: number): number {
    return this.load(cell, creatorWord);
  }

  setCreator(cell: number, workerId: number): void {
    this.store(cell, creatorWord, workerId);
  }

  protected load(cell: number, word: number): number {
    return Atomics.load(this.words, cell * wordsPerCell + word);
  }

  protected store(cell: number, word: number, value: number): void {
    Atomics.store(this.words, cell * wordsPerCell + word, value);
  }

  protected swap(cell: number, expected: number, desired: number): boolean {
    return Atomics.compareExchange(this.words, cell * wordsPerCell, expected, desired) === expected;
  }
}
