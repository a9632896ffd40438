/** A store that grows from none to all, then works while all its entries live: bytes an entry, single calls, collections. */
import { CallClock } from "./call-clock.ts";
import type { Span } from "./collections.ts";
import { drawn, keyText, valueText } from "./content.ts";
import type { LiveAnswer, StoreRequest } from "./protocol.ts";
import type { Store } from "./store.ts";

export interface Watched {
  readonly residentBytes: () => number;
  /** Since it was asked last. */
  readonly collections: () => Promise<Span[]>;
}

const BATCH = 20_000;
const WRITES = 10; // one call in so many

const longest = (spans: readonly Span[]): number => spans.reduce((most, { ms }) => Math.max(most, ms), 0);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function fill(store: Store, count: number, valueBytes: number, clock: CallClock): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const to = Math.min(count, from + BATCH);
    for (let number = from; number < to; number++) {
      const [key, value] = [keyText(number), valueText(number, valueBytes)];
      const began = performance.now();
      store.set(key, value);
      clock.add(began, performance.now() - began);
    }
    await store.committed?.();
    await turn();
  }
}

async function work(store: Store, order: Int32Array, valueBytes: number, clock: CallClock): Promise<void> {
  for (let from = 0; from < order.length; from += BATCH) {
    const to = Math.min(order.length, from + BATCH);
    for (let step = from; step < to; step++) {
      const key = keyText(order[step] as number);
      const value = step % WRITES === 0 ? valueText(step, valueBytes) : "";
      const began = performance.now();
      if (value === "") store.get(key);
      else store.set(key, value);
      clock.add(began, performance.now() - began);
    }
    await store.committed?.();
    await turn();
  }
}

export async function liveIn(store: Store, request: StoreRequest, watched: Watched): Promise<LiveAnswer> {
  const { count, valueBytes, steps } = request;
  const [filling, working] = [new CallClock(count), new CallClock(steps)];
  const order = drawn(steps, count, 21);
  globalThis.gc?.();
  await watched.collections();
  const before = watched.residentBytes();
  await fill(store, count, valueBytes, filling);
  const fillGcs = await watched.collections();
  globalThis.gc?.();
  const grown = watched.residentBytes() - before;
  await watched.collections();
  await work(store, order, valueBytes, working);
  const gcs = await watched.collections();
  const forcing = performance.now();
  globalThis.gc?.();
  const fullGcMs = performance.now() - forcing;
  const [fillOwnMs = 0] = filling.at([1]);
  const [p50 = 0, p999 = 0, ownMs = 0] = working.at([0.5, 0.999, 1]);
  return {
    entryBytes: (store.fileBytes?.() ?? grown) / count,
    ...{ fillLongestMs: filling.longestMs, fillOwnMs, fillGcMs: longest(fillGcs) },
    fillCallMs: filling.longestBut(fillGcs),
    ...{ p50Ns: p50 * 1e6, p999Ns: p999 * 1e6 },
    ...{ longestMs: working.longestMs, ownMs, gcMs: longest(gcs), fullGcMs },
    callMs: working.longestBut(gcs),
  };
}
