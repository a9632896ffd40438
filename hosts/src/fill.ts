// Objects that carry a fill of their own from end to end, which is read again before the free.

import { equal } from "./expect.ts";

interface Bytes {
  readonly u8: Uint8Array;
}

/** The byte of an object, in a sequence that no other object of a test has at the same place. */
function byteOf(seed: number, offset: number): number {
  return (Math.imul(seed, 0x9e3779b1) >>> (offset & 15)) & 255;
}

export function writeFill({ u8 }: Bytes, address: number, bytes: number, seed: number): void {
  for (let offset = 0; offset < bytes; offset++) u8[address + offset] = byteOf(seed, offset);
}

export function readFill({ u8 }: Bytes, address: number, bytes: number, seed: number): void {
  for (let offset = 0; offset < bytes; offset++) {
    const wanted = byteOf(seed, offset);
    if (u8[address + offset] !== wanted) {
      equal(u8[address + offset], wanted, `byte ${offset} of ${bytes} at ${address}, object ${seed}`);
    }
  }
}
