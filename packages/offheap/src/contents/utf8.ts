// UTF-8 by the language alone, as the Encoding Standard has it: for short texts, where a call of the host costs more than
// the loop, and for realms that have nothing else (audio worklets).

const replacement = 0xfffd;
const { fromCharCode, fromCodePoint } = String;

/**
 * Writes the whole code points of a text that fit in `limit` bytes; surrogates without their other half become U+FFFD.
 * @returns how many bytes were written
 */
export function encodeUtf8(text: string, u8: Uint8Array, address: number, limit: number): number {
  const end = address + limit;
  let at = address;
  for (let i = 0; i < text.length && at < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      u8[at++] = unit;
    } else if (unit < 0x800) {
      if (at + 2 > end) break;
      u8[at++] = 0xc0 | (unit >> 6);
      u8[at++] = 0x80 | (unit & 63);
    } else {
      const point = (unit & 0xf800) === 0xd800 ? pointAt(text, i) : unit;
      if (at + (point > 0xffff ? 4 : 3) > end) break;
      if (point > 0xffff) {
        u8[at++] = 0xf0 | (point >> 18);
        u8[at++] = 0x80 | ((point >> 12) & 63);
        i++;
      } else u8[at++] = 0xe0 | (point >> 12);
      u8[at++] = 0x80 | ((point >> 6) & 63);
      u8[at++] = 0x80 | (point & 63);
    }
  }
  return at - address;
}

/** The code point that a surrogate begins, or U+FFFD. */
function pointAt(text: string, i: number): number {
  const point = text.codePointAt(i) as number;
  return point > 0xffff ? point : replacement;
}

/** The text of bytes from `from` to `end` that are all ASCII; undefined when they are not. Reads each byte once. */
export function asciiText(u8: Uint8Array, from: number, end: number): string | undefined {
  let text = "";
  let i = from;
  for (; i + 8 <= end; i += 8) {
    const a = u8[i] as number;
    const b = u8[i + 1] as number;
    const c = u8[i + 2] as number;
    const d = u8[i + 3] as number;
    const e = u8[i + 4] as number;
    const f = u8[i + 5] as number;
    const g = u8[i + 6] as number;
    const h = u8[i + 7] as number;
    if ((a | b | c | d | e | f | g | h) > 127) return undefined;
    text += fromCharCode(a, b, c, d, e, f, g, h);
  }
  for (; i < end; i++) {
    const unit = u8[i] as number;
    if (unit > 127) return undefined;
    text += fromCharCode(unit);
  }
  return text;
}

/** The text of private bytes from `from` to `end`: what is no UTF-8 becomes U+FFFD, one for each ill-formed part. */
export function decodeUtf8(bytes: Uint8Array, from: number, end: number): string {
  let text = "";
  for (let i = from; i < end; ) {
    const lead = bytes[i++] as number;
    const more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (more === 0) {
      text += fromCharCode(lead < 0x80 ? lead : replacement);
      continue;
    }
    let point = lead & (0x3f >> more);
    // Of the second byte only those that make no longer form than need be, no surrogate, and nothing above U+10FFFF.
    let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    let left = more;
    while (left > 0 && i < end && (bytes[i] as number) >= low && (bytes[i] as number) <= high) {
      point = (point << 6) | ((bytes[i++] as number) & 63);
      low = 0x80;
      high = 0xbf;
      left--;
    }
    text += fromCodePoint(left === 0 ? point : replacement);
  }
  return text;
}

/** Bytes of a text as UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A pair is two units and four bytes; half of one becomes U+FFFD, three bytes.
    const isPair = (unit & 0xf800) === 0xd800 && pointAt(text, i) > 0xffff;
    bytes += unit < 0x800 ? 1 : 2;
    if (isPair) i++;
  }
  return bytes;
}
