// DEFLATE (RFC 1951), piece by piece, in constant memory. Node's own stream throws away what it made in the call
// that meets the damage; this one hands on every byte that stands before it, and knows where the damage is.
//
//   output = history of 32 KiB, at most, then what is new:  low <= taken <= position
//   a distance reaches back to `low`, and no further

import type { ByteInput } from "./bytes.ts";
import { HuffmanCode, quickBits } from "./huffman.ts";

/** `hungry`: no more without more input; `full`: take the output first. */
export type Step = "hungry" | "full" | "end" | Damage;

export interface Damage {
  readonly damage: string;
}

const historyBytes = 2 ** 15;
const outputBytes = 2 ** 16;
const full = historyBytes + outputBytes;
const longestMatchBytes = 258;
/** More than the header of any block, and than any symbol: so only the last piece can end inside of one. */
const headerMarginBytes = 1024;
const symbolMarginBytes = 16;
const quickMask = 2 ** quickBits - 1;

const endOfBlock = 256;
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/** Symbols 257 to 285; the last is the longest match, without extra bits. */
const lengthBits = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
const lengthBase = basesOf(lengthBits.subarray(0, 28), 3, longestMatchBytes);
const distanceBits = Uint8Array.from({ length: 30 }, (_, symbol) => Math.max((symbol >> 1) - 1, 0));
const distanceBase = basesOf(distanceBits, 1);

function basesOf(bits: Uint8Array, first: number, ...last: number[]): Uint16Array {
  let next = first;
  const bases = Array.from(bits, (count) => {
    next += 2 ** count;
    return next - 2 ** count;
  });
  return Uint16Array.of(...bases, ...last);
}

export class Inflater {
  readonly #input: ByteInput;
  readonly #output = new Uint8Array(full + longestMatchBytes);
  readonly #literals = new HuffmanCode(288);
  readonly #distances = new HuffmanCode(32);
  readonly #codeLengths = new HuffmanCode(19);
  #position = 0;
  #taken = 0;
  #low = 0;
  #bits = 0;
  #bitCount = 0;
  #state: "header" | "stored" | "symbols" | "end" = "header";
  #isFinal = false;
  #storedBytes = 0;

  constructor(input: ByteInput) {
    this.#input = input;
  }

  /** A new stream begins at the input's next byte. */
  begin(): void {
    this.#low = this.#position;
    this.#bits = 0;
    this.#bitCount = 0;
    this.#state = "header";
  }

  /** What is new since the last time; the caller's until the next `run`. */
  take(): Uint8Array {
    const output = this.#output.subarray(this.#taken, this.#position);
    this.#taken = this.#position;
    return output;
  }

  /** The byte of the input that the last bit came from. */
  get offset(): number {
    return this.#input.offset - 1 - (this.#bitCount >> 3);
  }

  /** Goes on as far as it can. After `end` the input stands behind the stream's last byte. */
  run(): Step {
    this.#makeRoom();
    while (this.#state !== "end") {
      const step = this.#runState(this.#state);
      if (step !== undefined) return step;
    }
    this.#input.at -= this.#bitCount >> 3;
    this.#bitCount = 0;
    return "end";
  }

  #runState(state: "header" | "stored" | "symbols"): Step | undefined {
    if (state === "symbols") return this.#readSymbols();
    if (state === "stored") return this.#copyStored();
    if (this.#isShortOf(headerMarginBytes)) return "hungry";
    return this.#readHeader() ?? (this.#isOverrun() ? "hungry" : undefined);
  }

  #makeRoom(): void {
    const excess = this.#position - historyBytes;
    if (this.#position < full) return;
    this.#output.copyWithin(0, excess, this.#position);
    this.#low = Math.max(this.#low - excess, 0);
    this.#position = historyBytes;
    this.#taken = historyBytes;
  }

  #isShortOf(bytes: number): boolean {
    return !this.#input.isLast && this.#input.end - this.#input.at < bytes;
  }

  /** Bits were read that are not there: the input ends before this. */
  #isOverrun(): boolean {
    return this.#input.at - (this.#bitCount >> 3) > this.#input.end;
  }

  #draw(count: number): void {
    const input = this.#input;
    for (; this.#bitCount < count; this.#bitCount += 8) {
      this.#bits |= (input.at < input.end ? input.bytes[input.at] : 0) << this.#bitCount;
      input.at++;
    }
  }

  #drop(count: number): void {
    this.#bits >>>= count;
    this.#bitCount -= count;
  }

  #take(count: number): number {
    this.#draw(count);
    const value = this.#bits & ((1 << count) - 1);
    this.#drop(count);
    return value;
  }

  #readHeader(): Damage | undefined {
    this.#isFinal = this.#take(1) === 1;
    switch (this.#take(2)) {
      case 0:
        return this.#readStored();
      case 1:
        this.#literals.set(fixedLengths);
        this.#distances.set(fixedDistances);
        this.#state = "symbols";
        return undefined;
      case 2:
        this.#state = "symbols";
        return this.#readCodes();
      default:
        return { damage: "a block of no known kind" };
    }
  }

  #readStored(): Damage | undefined {
    this.#take(this.#bitCount & 7);
    this.#storedBytes = this.#take(16);
    const isRight = (this.#storedBytes ^ this.#take(16)) === 0xffff;
    this.#state = "stored";
    return isRight || this.#isOverrun() ? undefined : { damage: "a stored block of no certain length" };
  }

  #copyStored(): Step | undefined {
    const input = this.#input;
    input.at -= this.#bitCount >> 3;
    this.#bitCount = 0;
    this.#bits = 0;
    const room = Math.max(full - this.#position, 0);
    const count = Math.min(this.#storedBytes, input.end - input.at, room);
    this.#output.set(input.bytes.subarray(input.at, input.at + count), this.#position);
    input.at += count;
    this.#position += count;
    this.#storedBytes -= count;
    if (this.#storedBytes > 0) return count === room ? "full" : "hungry";
    this.#state = this.#isFinal ? "end" : "header";
    return undefined;
  }

  #readCodes(): Damage | undefined {
    const literals = 257 + this.#take(5);
    const distances = 1 + this.#take(5);
    const given = 4 + this.#take(4);
    if (literals > 286 || distances > 30) return { damage: "too many symbols in a code" };
    const lengths = new Uint8Array(19);
    for (let i = 0; i < given; i++) lengths[codeLengthOrder[i]] = this.#take(3);
    // Of a code cut off by the end of the input nothing can be said.
    if (this.#codeLengths.set(lengths) !== undefined && !this.#isOverrun())
      return { damage: "a code of lengths that cannot be" };
    const all = this.#readLengths(literals + distances);
    if (!(all instanceof Uint8Array)) return this.#isOverrun() ? undefined : all;
    const wrong =
      this.#literals.set(all.subarray(0, literals)) ?? this.#distances.set(all.subarray(literals));
    if (this.#isOverrun()) return undefined;
    if (wrong !== undefined) return { damage: `an ${wrong} code` };
    return all[endOfBlock] === 0 ? { damage: "a block without an end" } : undefined;
  }

  /** The lengths of both codes, which are themselves a code with repetitions. */
  #readLengths(count: number): Uint8Array | Damage {
    const lengths = new Uint8Array(count);
    let i = 0;
    while (i < count && !this.#isOverrun()) {
      const symbol = this.#readLengthSymbol();
      if (symbol < 16) {
        if (symbol < 0) return { damage: "a length that is no code" };
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) return { damage: "a repetition of nothing" };
      const value = symbol === 16 ? lengths[i - 1] : 0;
      const times =
        symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (i + times > count) return { damage: "a repetition beyond the end" };
      lengths.fill(value, i, i + times);
      i += times;
    }
    return lengths;
  }

  /** No code of lengths is longer than 7 bits. */
  #readLengthSymbol(): number {
    this.#draw(7);
    const entry = this.#codeLengths.quick[this.#bits & quickMask];
    this.#drop(entry & 15);
    return entry === 0 ? -1 : entry >> 4;
  }

  /** The hot loop: all it touches is in variables. At least 24 bits are there before up to 20 of them are used. */
  #readSymbols(): Step | undefined {
    const input = this.#input;
    const { bytes, end } = input;
    const output = this.#output;
    const [literals, distances] = [this.#literals.quick, this.#distances.quick];
    const stop = input.isLast ? Number.MAX_SAFE_INTEGER : end - symbolMarginBytes;
    let [at, bits, bitCount, position] = [input.at, this.#bits, this.#bitCount, this.#position];
    let before = position;
    let problem: string | undefined;
    let isAtEnd = false;
    for (;;) {
      if (at - (bitCount >> 3) > end) position = before; // made of bits that are not there
      if (at - (bitCount >> 3) > end || position >= full || at >= stop) break;
      before = position;
      for (; bitCount < 24; bitCount += 8) bits |= bytes[at++] << bitCount;
      let entry = literals[bits & quickMask];
      if (entry === 0) entry = this.#literals.lookUp(bits);
      bits >>>= entry & 15;
      bitCount -= entry & 15;
      const symbol = entry >> 4;
      if (symbol < endOfBlock && symbol >= 0) {
        output[position++] = symbol;
        continue;
      }
      isAtEnd = symbol === endOfBlock;
      if (isAtEnd) break;
      const lengthSymbol = symbol - endOfBlock - 1;
      problem = lengthSymbol < 0 || lengthSymbol >= lengthBits.length ? "bits that are no symbol" : undefined;
      if (problem !== undefined) break;
      const length = lengthBase[lengthSymbol] + (bits & ((1 << lengthBits[lengthSymbol]) - 1));
      bits >>>= lengthBits[lengthSymbol];
      bitCount -= lengthBits[lengthSymbol];

      for (; bitCount < 24; bitCount += 8) bits |= bytes[at++] << bitCount;
      entry = distances[bits & quickMask];
      if (entry === 0) entry = this.#distances.lookUp(bits);
      bits >>>= entry & 15;
      bitCount -= entry & 15;
      const distanceSymbol = entry >> 4;
      problem =
        distanceSymbol < 0 || distanceSymbol >= distanceBits.length ? "bits that are no distance" : undefined;
      if (problem !== undefined) break;
      for (; bitCount < 24; bitCount += 8) bits |= bytes[at++] << bitCount;
      const distance = distanceBase[distanceSymbol] + (bits & ((1 << distanceBits[distanceSymbol]) - 1));
      bits >>>= distanceBits[distanceSymbol];
      bitCount -= distanceBits[distanceSymbol];
      problem = position - distance < this.#low ? "a distance beyond the beginning" : undefined;
      if (problem !== undefined) break;
      for (const last = position + length; position < last; position++)
        output[position] = output[position - distance];
    }
    [input.at, this.#bits, this.#bitCount, this.#position] = [at, bits, bitCount, position];
    if (this.#isOverrun()) return "hungry";
    if (problem !== undefined) return { damage: problem };
    if (!isAtEnd) return position >= full ? "full" : "hungry";
    this.#state = this.#isFinal ? "end" : "header";
    return undefined;
  }
}

/** Of the blocks that bring no codes of their own. */
const fixedLengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
const fixedDistances = new Uint8Array(32).fill(5);
