/** Records of eight fields, kept in one of several ways: made, read, written, iterated and freed, with what that costs. */

import { collectionWatch } from "./gc.ts";
import { residentBytes } from "./memory-map.ts";
import type { RecordsAnswer, RecordsRequest } from "./protocol.ts";
import { keepers } from "./record-keepers.ts";
import { nowNs } from "./run.ts";

/** Records that are looked up in turn: few enough for the processor's caches. */
const WINDOW = 4096;
const STEPS = 4_000_000;
const PASSES = 5;

/** The fastest of some passes, in ns a step. */
function fastest(steps: number, pass: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < PASSES; i++) {
    const began = nowNs();
    pass();
    least = Math.min(least, nowNs() - began);
  }
  return least / steps;
}

/** Places of records all over the set, in random order. */
function scattered(count: number): Int32Array {
  const order = new Int32Array(Math.min(WINDOW, count));
  let word = 1;
  for (let i = 0; i < order.length; i++) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    order[i] = Math.floor((word / 2 ** 32) * count);
  }
  return order;
}

export async function recordsCase({ peer, count }: RecordsRequest): Promise<RecordsAnswer> {
  const watch = collectionWatch();
  const keeper = await keepers[peer](count);
  // Compiled before it is measured.
  keeper.create(Math.min(count, 10_000));
  keeper.freeAll();
  globalThis.gc?.();
  await watch();
  const before = residentBytes();
  const began = nowNs();
  keeper.create(count);
  const createNs = (nowNs() - began) / count;
  const fillGcMs = (await watch()).reduce((sum, pause) => sum + pause, 0);
  const forcing = nowNs();
  globalThis.gc?.();
  const fullGcMs = (nowNs() - forcing) / 1e6;
  const held = residentBytes() - before;
  const order = scattered(count);
  const rounds = Math.ceil(STEPS / order.length);
  const answer = {
    readNs: fastest(STEPS, () => keeper.readStanding(STEPS)),
    writeNs: fastest(STEPS, () => keeper.writeStanding(STEPS)),
    lookUpNs: fastest(rounds * order.length, () => keeper.readEach(order, rounds)),
    lookUpWriteNs: fastest(rounds * order.length, () => keeper.writeEach(order, rounds)),
    iterateNs: fastest(count, () => keeper.iterate()),
  };
  const freeing = nowNs();
  keeper.freeAll();
  return {
    createNs,
    ...answer,
    freeNs: (nowNs() - freeing) / count,
    residentBytes: held,
    fillGcMs,
    fullGcMs,
  };
}
