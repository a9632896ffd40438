// UTF-16, as shells of Windows write it. A record is ASCII, and what is not (the name of a caller) nobody reads: so
// each other character becomes a `?`.

import { type Bytes, endsEarlyAt } from "./bytes.ts";

const questionMark = 0x3f;
const asciiEnd = 0x80;
const byteOrderMark = 0xfeff;

export async function* asciiOfUtf16(source: Bytes, order: "little" | "big", name: string): Bytes {
  let readBytes = 0;
  let half: Uint8Array = new Uint8Array(0);
  for (;;) {
    const { done, value } = await source.next();
    if (done) return value ?? (half.length === 0 ? undefined : endsEarlyAt(readBytes, name));
    readBytes += value.length;
    const units = half.length === 0 ? value : Buffer.concat([half, value]);
    half = units.length % 2 === 0 ? half.subarray(0, 0) : units.slice(-1);
    yield asciiOf(units, order === "little" ? 0 : 1);
  }
}

/** `low` is the place of the lower byte in each pair. */
function asciiOf(units: Uint8Array, low: 0 | 1): Uint8Array {
  const text = new Uint8Array(units.length >> 1);
  let length = 0;
  for (let i = 0; i + 1 < units.length; i += 2) {
    const unit = units[i + low] | (units[i + 1 - low] << 8);
    if (unit !== byteOrderMark) text[length++] = unit < asciiEnd ? unit : questionMark;
  }
  return text.subarray(0, length);
}
