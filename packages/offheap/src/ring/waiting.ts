// Waiting for a ring: a thread that may block sleeps at a word of the memory, another one asks the engine to be called, or looks
// again and again, ever more seldom, where there is no such call. Who sleeps says so in the word first, and looks once more:
// so a send to receivers that are awake reads one word, and makes no call of the system.

import { AllocatorError } from "../base/index.ts";
import { announceAt, sleepAsyncAt, sleepAt } from "../memory/index.ts";
import type { Across } from "./across.ts";

/** Milliseconds between two looks where nobody calls. */
const [firstLook, lastLook] = [1, 16];
/**
 * Milliseconds that a thread looks again before it sleeps, and how long it leaves the memory alone between two looks: then a sender
 * that is at it sends some messages meanwhile, whose lines go from one processor to the other once, and not for each.
 */
const [spin, betweenLooks] = [0.03, 0.003];
/** Nobody sleeps longer in one go: who was to wake a sleeper may have died, and its reaper not come yet. */
const mostSleep = 1000;

interface Timers {
  setTimeout(act: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
  performance: { now(): number };
}
const timers = globalThis as unknown as Timers;
const now = () => timers.performance.now();

/** What somebody waits for, and the word where they say so. */
export interface Awaited {
  readonly isThere: () => boolean;
  /** The other side is at it: it is given time before the first look, too. So a message of 64 bytes takes 77 ns, without 99. */
  readonly isStream: boolean;
  readonly words: Int32Array;
  readonly index: number;
  /** Where several processes share the heap: how to sleep so that each of them can wake the sleeper. */
  readonly across?: Across;
}

/** Blocks until it is there, which is true, or the time is over. @throws ERR_INVALID_OPTION where the thread may not block */
export function waitFor({ isThere, isStream, words, index, across }: Awaited, timeout: number): boolean {
  const end = now() + timeout;
  if (!isShared(words)) {
    if (isThere()) return true;
    throw mayNotWait("its memory is not shared");
  }
  if ((!isStream && isThere()) || isThereSoon(isThere, Math.min(end, now() + spin), across)) return true;
  for (let pause = firstLook; ; pause = Math.min(pause * 2, lastLook)) {
    if (across?.sleep !== undefined) across.announce();
    else announceAt(words, index);
    if (isThere()) return true;
    const left = end - now();
    if (left <= 0) return false;
    if (across?.sleep !== undefined) across.sleep(left);
    else {
      const refusal = sleepAt(words, index, 1, Math.min(left, across === undefined ? mostSleep : pause));
      if (refusal !== undefined) throw mayNotWait(refusal);
    }
    across?.look();
  }
}

function isShared(words: Int32Array): boolean {
  return Object.prototype.toString.call(words.buffer) === "[object SharedArrayBuffer]";
}

function mayNotWait(why: string): AllocatorError {
  return new AllocatorError("ERR_INVALID_OPTION", `this thread may not wait: ${why}; await ready() instead`);
}

function isThereSoon(isThere: () => boolean, end: number, across: Across | undefined): boolean {
  for (let time = now(); time < end; ) {
    across?.giveWay();
    const next = time + betweenLooks;
    while (time < next) time = now();
    if (isThere()) return true;
  }
  return false;
}

/** The same without blocking. */
export async function waitForAsync(
  { isThere, words, index, across }: Awaited,
  timeout: number,
): Promise<boolean> {
  const end = now() + timeout;
  for (let pause = firstLook; ; pause = Math.min(pause * 2, lastLook)) {
    if (isThere()) return true;
    announceAt(words, index);
    if (isThere()) return true;
    const left = end - now();
    if (left <= 0) return false;
    await sleep(
      words,
      index,
      Math.min(left, across === undefined ? mostSleep : pause),
      Math.min(left, pause),
    );
    across?.look();
  }
}

async function sleep(words: Int32Array, index: number, most: number, pause: number): Promise<void> {
  const woken = isShared(words) ? sleepAsyncAt(words, index, 1, most) : undefined;
  // Node ends a thread that nothing but such a promise is left of: the timer keeps it.
  let timer: unknown;
  const passed = new Promise<void>((resolve) => {
    timer = timers.setTimeout(resolve, woken === undefined ? pause : most + 1);
  });
  await (woken === undefined ? passed : Promise.race([woken, passed]));
  timers.clearTimeout(timer);
}
