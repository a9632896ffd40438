// The shared memory under test. Every access of the code under test comes here, one at a time.
//
//   strong   a plain store is in memory at once
//   weak     a plain store waits in its worker's buffer: seen by that worker at once, by others in any order
//            between locations, in order within one. A write of an atomic by the worker sends all of it to
//            memory first (ECMAScript: a plain store may move down past atomic loads, and past a failed
//            compare-exchange, which is a load, but not past an atomic write). So does its death.
//
// Where another worker meets a location with waiting stores, `choose` decides how many of them have arrived.

/** 0: a word of the books; 1: a state byte; 2: a 64-bit word. */
export type Kind = 0 | 1 | 2;
type Value = number | bigint;

interface Waiting {
  readonly kind: Kind;
  readonly index: number;
  readonly values: Value[];
}

/** A part of the books: as it is, as bytes and as words, and as it was at the start. */
interface Block {
  readonly now: Uint8Array;
  readonly words: Int32Array;
  readonly before: Uint8Array;
}

const blockWords = 512;

function blocksOf(buffer: ArrayBuffer, start: Int32Array): Block[] {
  const blocks: Block[] = [];
  for (let from = 0; from < start.length; from += blockWords) {
    const count = Math.min(blockWords, start.length - from);
    blocks.push({
      now: new Uint8Array(buffer, from * 4, count * 4),
      words: new Int32Array(buffer, from * 4, count),
      before: new Uint8Array(start.buffer, from * 4, count * 4),
    });
  }
  return blocks;
}

/** Says how many of `waiting` stores of worker `by` to one location have arrived when another worker looks. */
export type Choose = (waiting: number, by: number, location: number) => number;

export class Machine {
  readonly buffer: ArrayBuffer;
  readonly words: Int32Array;
  readonly states: Uint8Array;
  readonly wide: BigInt64Array;
  readonly statesAt: number;
  readonly beforeStates: Uint8Array;
  /** Off before and after the schedule, when everybody is at rest. */
  isWeak = false;
  private readonly buffers: Map<number, Waiting>[];
  private readonly choose: Choose;
  /** The books as they were when the setup was done. */
  private readonly start: Int32Array;
  private readonly blocks: readonly Block[];

  /** `keepsData`: the words are those of the whole memory, and so is what is put back and compared. */
  constructor(
    buffer: ArrayBuffer,
    statesAt: number,
    endOfBooks: number,
    workers: number,
    choose: Choose,
    keepsData = false,
  ) {
    this.buffer = buffer;
    const bytes = keepsData ? buffer.byteLength : statesAt;
    this.words = new Int32Array(buffer, 0, bytes / 4);
    this.states = new Uint8Array(buffer, statesAt, endOfBooks - statesAt);
    this.beforeStates = new Uint8Array(buffer, 0, statesAt);
    this.wide = new BigInt64Array(buffer, 0, bytes / 8);
    this.statesAt = statesAt;
    this.choose = choose;
    this.buffers = Array.from({ length: workers }, () => new Map<number, Waiting>());
    this.start = new Int32Array(buffer, 0, (keepsData ? buffer.byteLength : endOfBooks) / 4).slice();
    this.blocks = blocksOf(buffer, this.start);
  }

  /** The books back to how the setup left them, all buffers empty. */
  reset(): void {
    new Int32Array(this.buffer, 0, this.start.length).set(this.start);
    for (const waiting of this.buffers) waiting.clear();
  }

  /** Hashes over all books that are not as at the start: equal ends of schedules are examined once. */
  hash(): string {
    // Words by turns: a hash of all in a row waits for each multiplication. The books are whole cache lines.
    let a = 0x811c9dc5;
    let b = 0x2545f491;
    let c = a;
    let d = b;
    for (let block = 0; block < this.blocks.length; block++) {
      const { now, before, words } = this.blocks[block] as Block;
      // Most blocks are as they were, and the host compares bytes ten times as fast as this hashes them.
      if (Buffer.compare(now, before) === 0) continue;
      a = Math.imul(a ^ block, 0x01000193);
      b = Math.imul(b + block, 0x85ebca6b);
      for (let i = 0; i < words.length; i += 2) {
        const even = words[i] as number;
        const odd = words[i + 1] as number;
        a = Math.imul(a ^ even, 0x01000193) ^ (a >>> 15);
        b = Math.imul(b + even, 0x85ebca6b) ^ (b >>> 13);
        c = Math.imul(c ^ odd, 0x01000193) ^ (c >>> 15);
        d = Math.imul(d + odd, 0x85ebca6b) ^ (d >>> 13);
      }
    }
    return `${a}.${b}.${c}.${d}`;
  }

  /** A byte offset that names the location, whatever its kind. */
  locationOf(kind: Kind, index: number): number {
    if (kind === 1) return this.statesAt + index;
    return kind === 0 ? index * 4 : index * 8;
  }

  load(worker: number, kind: Kind, index: number): Value {
    if (this.isWeak) {
      const location = this.locationOf(kind, index);
      const own = this.buffers[worker]?.get(location);
      if (own !== undefined) return own.values[own.values.length - 1] as Value;
      this.meet(worker, location);
    }
    return this.fetch(kind, index);
  }

  store(worker: number, kind: Kind, index: number, value: Value): void {
    if (!this.isWeak) {
      this.put(kind, index, value);
      return;
    }
    const location = this.locationOf(kind, index);
    const buffer = this.buffers[worker] as Map<number, Waiting>;
    const stored = kind === 0 ? Number(value) | 0 : kind === 1 ? Number(value) & 255 : value;
    const waiting = buffer.get(location);
    if (waiting === undefined) buffer.set(location, { kind, index, values: [stored] });
    else waiting.values.push(stored);
  }

  /** One indivisible access. `change` returns what to write, or undefined to write nothing. */
  atomic(worker: number, kind: Kind, index: number, change: (before: Value) => Value | undefined): Value {
    if (!this.isWeak) {
      const before = this.fetch(kind, index);
      const after = change(before);
      if (after !== undefined) this.put(kind, index, after);
      return before;
    }
    const location = this.locationOf(kind, index);
    // The worker's own stores to this very location cannot be overtaken.
    this.commit(worker, location);
    this.meet(worker, location);
    const before = this.fetch(kind, index);
    const after = change(before);
    if (after !== undefined) {
      this.flush(worker);
      this.put(kind, index, after);
    }
    return before;
  }

  /** All that a worker has stored is in memory. */
  flush(worker: number): void {
    for (const location of [...(this.buffers[worker] as Map<number, Waiting>).keys()])
      this.commit(worker, location);
  }

  private commit(worker: number, location: number): void {
    const buffer = this.buffers[worker] as Map<number, Waiting>;
    const waiting = buffer.get(location);
    if (waiting === undefined) return;
    this.meet(worker, location);
    for (const value of waiting.values) this.put(waiting.kind, waiting.index, value);
    buffer.delete(location);
  }

  /** Another worker's waiting stores to a location arrive first, or some of them, or none. */
  private meet(worker: number, location: number): void {
    for (let by = 0; by < this.buffers.length; by++) {
      const waiting = this.buffers[by]?.get(location);
      if (by === worker || waiting === undefined) continue;
      const arrived = this.choose(waiting.values.length, by, location);
      for (const value of waiting.values.splice(0, arrived)) this.put(waiting.kind, waiting.index, value);
      if (waiting.values.length === 0) this.buffers[by]?.delete(location);
    }
  }

  private fetch(kind: Kind, index: number): Value {
    if (kind === 0) return this.words[index] as number;
    // The byte before the first state is one that is always 0.
    return kind === 1 ? (this.states[index] ?? 0) : (this.wide[index] as bigint);
  }

  private put(kind: Kind, index: number, value: Value): void {
    if (kind === 0) this.words[index] = value as number;
    else if (kind === 1) this.states[index] = value as number;
    else this.wide[index] = value as bigint;
  }
}
