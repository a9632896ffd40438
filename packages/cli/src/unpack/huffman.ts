// A Huffman code of DEFLATE (RFC 1951, 3.2.2): canonical, so the lengths of its codes are all there is to it.
//
//   quick[next 10 bits] = symbol << 4 | length   for codes up to 10 bits; 0 for longer ones and for none
//   longer ones are counted up, a bit at a time: first code of a length, its symbol's place in `ordered`

export const quickBits = 10;
export const mostCodeBits = 15;
const quickMask = 2 ** quickBits - 1;
const noSymbol = -1;

export class HuffmanCode {
  readonly quick = new Uint16Array(2 ** quickBits);
  readonly #counts = new Uint16Array(mostCodeBits + 1);
  readonly #ordered: Uint16Array;

  constructor(mostSymbols: number) {
    this.#ordered = new Uint16Array(mostSymbols);
  }

  /** Takes the code on that has these lengths (0: no such symbol). Returns what is wrong with it, or undefined. */
  set(lengths: Uint8Array): "over-subscribed" | "incomplete" | undefined {
    const counts = this.#counts.fill(0);
    for (const length of lengths) counts[length]++;
    counts[0] = 0;
    let left = 1;
    let longest = 0;
    for (let length = 1; length <= mostCodeBits; length++) {
      left = left * 2 - counts[length];
      if (left < 0) return "over-subscribed";
      if (counts[length] > 0) longest = length;
    }
    this.#fill(lengths);
    // One code of one bit may stand alone, and a block without matches has no distance code at all.
    return left > 0 && longest > 1 ? "incomplete" : undefined;
  }

  /**
   * What the next bits are when `quick` does not know: symbol << 4 | length, or -1 when they are no code. At least
   * 15 bits must be there.
   */
  lookUp(bits: number): number {
    let code = 0;
    let first = 0;
    let place = 0;
    for (let length = 1; length <= mostCodeBits; length++) {
      code |= (bits >>> (length - 1)) & 1;
      const count = this.#counts[length];
      if (code - first < count) return (this.#ordered[place + code - first] << 4) | length;
      place += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return noSymbol;
  }

  #fill(lengths: Uint8Array): void {
    const places = new Uint16Array(mostCodeBits + 2);
    for (let length = 1; length <= mostCodeBits; length++)
      places[length + 1] = places[length] + this.#counts[length];
    for (let symbol = 0; symbol < lengths.length; symbol++)
      if (lengths[symbol] > 0) this.#ordered[places[lengths[symbol]]++] = symbol;

    this.quick.fill(0);
    let place = 0;
    let code = 0;
    for (let length = 1; length <= quickBits; length++, code <<= 1) {
      for (let i = 0; i < this.#counts[length]; i++, code++) {
        const entry = (this.#ordered[place++] << 4) | length;
        for (let bits = reversed(code, length); bits <= quickMask; bits += 1 << length)
          this.quick[bits] = entry;
      }
    }
  }
}

/** Codes come with their highest bit first, in a stream whose lowest bit comes first. */
function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >>> i) & 1) << (length - 1 - i);
  return result;
}
