// Objects that carry a fill of their own from end to end, which is read again before the free.

import { equal } from "./expect.ts";

interface Bytes {
  readonly u8: Uint8Array;
}

/** The bytes of an object: sixteen in turn, drawn from its seed. */
function byteOf(mixed: number, offset: number): number {
  return (mixed >>> (offset & 15)) & 255;
}

function mix(seed: number): number {
  return Math.imul(seed + 1, 0x9e3779b1);
}

export function writeFill({ u8 }: Bytes, address: number, bytes: number, seed: number): void {
  const mixed = mix(seed);
  for (let offset = 0; offset < bytes; offset++) u8[address + offset] = byteOf(mixed, offset);
}

export function readFill({ u8 }: Bytes, address: number, bytes: number, seed: number): void {
  const mixed = mix(seed);
  for (let offset = 0; offset < bytes; offset++) {
    const wanted = byteOf(mixed, offset);
    if (u8[address + offset] !== wanted) {
      equal(u8[address + offset], wanted, `byte ${offset} of ${bytes} at ${address}, object ${seed}`);
    }
  }
}
