// An operating system that is none: it zeroes what it is given back, notes what it was asked, and has a clock
// that the test sets. Anything of it can be replaced, for one that refuses or fails.

import type { Os } from "offheap/os";

export interface PretendOs extends Os {
  /** Ranges that were given back, in bytes of the buffer. */
  readonly given: { offset: number; bytes: number }[];
  readonly advised: { offset: number; bytes: number }[];
  time: number;
}

export function pretendOs(changes: Partial<Os> = {}): PretendOs {
  const yes = { available: true, reason: "pretended" };
  const os: PretendOs = {
    given: [],
    advised: [],
    time: 1_000_000,
    hugePages: yes,
    decommit: yes,
    residency: { available: false, reason: "not even pretended" },
    processes: { available: false, reason: "not even pretended" },
    hugePageBytes: 2 ** 21,
    addressOf: () => 0x7000_0000_0000n,
    adviseHuge: (_buffer, offset, bytes) => {
      os.advised.push({ offset, bytes });
      return true;
    },
    decommitRange: (buffer, offset, bytes) => {
      new Uint8Array(buffer, offset, bytes).fill(0);
      os.given.push({ offset, bytes });
      return true;
    },
    residentBytes: () => -1,
    hugeBytes: () => -1,
    now: () => os.time,
    ...changes,
  };
  return os;
}

/** Of what was given back, the bytes of data, not of books. */
export function dataGiven(os: PretendOs, dataAt: number): number {
  return os.given.reduce((sum, { offset, bytes }) => sum + (offset >= dataAt ? bytes : 0), 0);
}
