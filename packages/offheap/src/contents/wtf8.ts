// UTF-8 that keeps halves of surrogate pairs, each as the three bytes of its number (WTF-8, Sapin 2014).

/** Writes a text of at most so many bytes; returns how many it has, or −1 when they are more. */
export function encodeWtf8(text: string, into: Uint8Array, limit: number): number {
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) as number;
    const wants = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (at + wants > limit) return -1;
    if (wants === 1) {
      into[at++] = point;
      continue;
    }
    if (wants === 4) i++;
    const first = wants === 2 ? 0xc0 : wants === 3 ? 0xe0 : 0xf0;
    into[at] = first | (point >> (6 * (wants - 1)));
    for (let k = 1; k < wants; k++) into[at + k] = 0x80 | ((point >> (6 * (wants - 1 - k))) & 63);
    at += wants;
  }
  return at;
}

/** The text of bytes that `encodeWtf8` wrote. */
export function decodeWtf8(bytes: Uint8Array, from: number, end: number): string {
  let text = "";
  for (let at = from; at < end; ) {
    const first = bytes[at++] as number;
    const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let point = more === 0 ? first : first & (0x3f >> more);
    for (let k = 0; k < more; k++) point = (point << 6) | ((bytes[at++] as number) & 63);
    text += String.fromCodePoint(Math.min(point & 0x1fffff, 0x10ffff));
  }
  return text;
}

/** Whether a text has half a surrogate pair. */
export function hasHalfPair(text: string): boolean {
  const { isWellFormed } = text as { isWellFormed?: () => boolean };
  return isWellFormed === undefined ? /\p{Surrogate}/u.test(text) : !isWellFormed.call(text);
}
