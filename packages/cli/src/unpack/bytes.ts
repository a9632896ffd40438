// How bytes travel from the file to the parser: each layer (gzip, UTF-16, …) draws pieces from the one below. A
// piece is the reader's until it asks for the next; then it may be overwritten.
//
//   a layer returns   undefined when all of its bytes were good, else where and why they end

/** Where the bytes of a file stop to be good. What came before was handed on, to the last byte. */
export interface Cut {
  /** Counted from 0, in the bytes of the layer that `reason` names. */
  readonly atByte: number;
  /** Such as "the gzip stream is damaged at byte 1234 (invalid distance)". */
  readonly reason: string;
}

export type Bytes = AsyncGenerator<Uint8Array, Cut | undefined, void>;

export function damagedAt(atByte: number, name: string, why: string): Cut {
  return { atByte, reason: `${name} is damaged at byte ${atByte} (${why})` };
}

export function endsEarlyAt(atByte: number, name: string): Cut {
  return { atByte, reason: `${name} ends early at byte ${atByte}` };
}

/** Bytes that may be read behind the end of a `ByteInput`, so that a hot loop need not look where it ends. */
const paddingBytes = 16;
/** Whoever takes bytes for their bits may take some too many: so far `at` may be set back, also after a `fill`. */
const mostGivenBack = 4;

const firstCapacityBytes = 160 * 1024;

/** The pieces of a layer in a row: what was not used of one stands before the next. */
export class ByteInput {
  readonly #source: Bytes;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(firstCapacityBytes);
  #end = 0;
  #base = 0;
  #isLast = false;
  #cut: Cut | undefined;
  /** The next byte of `bytes` to be used; moved by whoever uses it. */
  at = 0;

  constructor(source: Bytes) {
    this.#source = source;
  }

  /** Another array after each `fill`. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  get end(): number {
    return this.#end;
  }

  /** Of `at`, in the whole of the layer. */
  get offset(): number {
    return this.#base + this.at;
  }

  /** Bytes of the layer so far, those included that are not used yet. */
  get endOffset(): number {
    return this.#base + this.#end;
  }

  /** Nothing comes after `end`. */
  get isLast(): boolean {
    return this.#isLast;
  }

  /** Why the layer below ended early, if it did and it is known already. */
  get cut(): Cut | undefined {
    return this.#cut;
  }

  /** Whether `count` bytes are there, after more was drawn if need be. */
  async has(count: number): Promise<boolean> {
    while (this.#end - this.at < count && !this.#isLast) await this.fill();
    return this.#end - this.at >= count;
  }

  /** Draws one more piece. */
  async fill(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (!done) return this.#append(value);
    this.#isLast = true;
    this.#cut = value;
  }

  #append(piece: Uint8Array): void {
    const from = Math.max(this.at - mostGivenBack, 0);
    const rest = this.#bytes.subarray(from, this.#end);
    const neededBytes = rest.length + piece.length + paddingBytes;
    const into = neededBytes <= this.#bytes.length ? this.#bytes : new Uint8Array(2 * neededBytes);
    into.set(rest);
    into.set(piece, rest.length);
    this.#base += from;
    this.#bytes = into;
    this.at -= from;
    this.#end = rest.length + piece.length;
    into.fill(0, this.#end, this.#end + paddingBytes);
  }
}
