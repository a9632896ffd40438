// The token in a worker's word: whose it is, 28 bits.
//
//   0                                            a thread whose number is not known
//   thread + 1                                   below 2^27
//   1 | random (27 bits)                         part of the name of a thread's Web Lock (locks.ts)
//   1 | process (7 bits) | thread + 1 (20 bits)  where several processes share the heap, which browsers have not

import type { Heap } from "../memory/index.ts";

export const tokenBits = 28;
/** A thread whose number is not known, or too large to be recorded. */
export const noToken = 0;
export const firstLockToken = 2 ** (tokenBits - 1);
const threadBits = 20;
const threadMask = (1 << threadBits) - 1;
const processMask = 127;

/** The token of a thread's number, never 0. */
export function tokenOf(threadId: number): number {
  return Number.isInteger(threadId) && threadId >= 0 && threadId < firstLockToken - 1
    ? threadId + 1
    : noToken;
}

/** A thread's token as the words of this heap have it. */
export function tokenIn({ process }: Heap, token: number): number {
  if (process === 0) return token;
  return firstLockToken | (process << threadBits) | (token <= threadMask ? token : noToken);
}

/** The process of a token; 0 where the heap is of one process, and for nobody's. */
export function processOf({ process }: Heap, token: number): number {
  return process === 0 || token < firstLockToken ? 0 : (token >>> threadBits) & processMask;
}

/** The number of a token's thread, in its process; undefined where it is not known. */
export function threadOf({ process }: Heap, token: number): number | undefined {
  const own = process === 0 ? token : token & threadMask;
  return own === noToken || own >= firstLockToken ? undefined : own - 1;
}
