// What an object holds while it is live: words that follow from its serial number, over all of its slot, so
// that any two objects which overlap in one word, or one that was given out twice, are seen at the free.

function wordOf(serial: number, i: number): number {
  return Math.imul(serial + i, 0x9e3779b1) ^ serial;
}

export function writeFill(words: Int32Array, address: number, bytes: number, serial: number): void {
  const at = address / 4;
  for (let i = 0; i < bytes / 4; i++) words[at + i] = wordOf(serial, i);
}

/** Which word of the object is not its own; undefined when all are. */
export function fillOffence(
  words: Int32Array,
  address: number,
  bytes: number,
  serial: number,
): string | undefined {
  const at = address / 4;
  for (let i = 0; i < bytes / 4; i++) {
    if (words[at + i] === wordOf(serial, i)) continue;
    return `object ${serial} at ${address}, ${bytes} bytes: word ${i} is ${words[at + i]}, not ${wordOf(serial, i)}`;
  }
  return undefined;
}
