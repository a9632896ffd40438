/** One kind of call after the other on a full store, each in a loop of its own, by keys in random order. */
import {
  drawn,
  firstAbsent,
  keyBytes,
  keyText,
  type Latin1Bytes,
  latin1Bytes,
  valueText,
} from "./content.ts";
import type { CallsAnswer, StoreRequest } from "./protocol.ts";
import type { Store } from "./store.ts";

const PASSES = 3;
const NEW_PASSES = 5;
const MOST_PASSES = 40;
/** Of more entries than these some are asked for, which lie among all others. */
const MOST_ASKED = 2 ** 20;
/** So many keys at least stand in a row, before the row begins anew. */
const LEAST_ROW = 2 ** 16;
const MOST_NEW = 2 ** 14;
const VALUES = 1024;

/** Passes of one kind of call, and how they are timed. */
interface Passes {
  readonly steps: number; // of each
  readonly least: number;
  readonly budgetMs: number;
  readonly read: () => number;
}

const wallNs = (): number => performance.now() * 1e6;
const clocks = {
  wall: wallNs,
  cpu: (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000;
  },
};

/** ns a step, in the fastest pass: others are at work on most machines. */
async function fastest(
  { steps, least, budgetMs, read }: Passes,
  pass: (round: number) => unknown,
  after?: () => unknown,
): Promise<number> {
  const end = wallNs() + budgetMs * 1e6;
  let lowest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < least || (round < MOST_PASSES && wallNs() < end); round++) {
    const began = read();
    pass(round);
    await after?.();
    lowest = Math.min(lowest, read() - began);
  }
  return lowest / steps;
}

/** Fills a store; returns the key objects that will be asked for. */
export async function filled(store: Store, count: number, valueBytes: number, most = MOST_ASKED) {
  const stride = Math.ceil(count / most);
  const keys: string[] = [];
  for (let number = 0; number < count; number++) {
    const key = keyText(number);
    store.set(key, valueText(number, valueBytes));
    if (number % stride === 0) keys.push(key);
    // lmdb collects its puts.
    if (store.committed && number % 20_000 === 0) await store.committed();
  }
  await store.committed?.();
  return keys;
}

/** Characters of all values that were found. */
export function getAll({ get }: Store, keys: readonly string[], rounds: number): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < keys.length; i++) sum += get(keys[i] as string)?.length ?? 0;
  return sum;
}

function getFresh({ get }: Store, bytes: Latin1Bytes, count: number, rounds: number): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++)
    for (let i = 0, at = 0; i < count; i++, at += keyBytes)
      sum += get(bytes.latin1Slice(at, at + keyBytes))?.length ?? 0;
  return sum;
}

function sliceFresh(bytes: Latin1Bytes, count: number, rounds: number): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++)
    for (let i = 0, at = 0; i < count; i++, at += keyBytes)
      sum += bytes.latin1Slice(at, at + keyBytes).length;
  return sum;
}

function hasAll({ has }: Store, keys: readonly string[], rounds: number): number {
  let found = 0;
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < keys.length; i++) if (has(keys[i] as string)) found++;
  return found;
}

export function setAll({ set }: Store, keys: readonly string[], rounds: number, values: readonly string[]) {
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < keys.length; i++)
      set(keys[i] as string, values[(i + round) & (VALUES - 1)] as string);
}

function readAll(read: NonNullable<Store["read"]>, keys: readonly string[], rounds: number): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < keys.length; i++) sum += read(keys[i] as string);
  return sum;
}

function copyAll(into: NonNullable<Store["getInto"]>, keys: readonly string[], rounds: number, most: number) {
  const bytes = new Uint8Array(most);
  let sum = 0;
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < keys.length; i++) sum += into(keys[i] as string, bytes);
  return sum;
}

export const valuesFor = (valueBytes: number): string[] =>
  Array.from({ length: VALUES }, (_, number) => valueText(number + 1, valueBytes));

/** New keys, which nobody has looked up before. A cache is filled up first; from others they are taken out again. */
async function newNs(store: Store, passes: Passes, valueBytes: number): Promise<number> {
  const values = valuesFor(valueBytes);
  const { isFull, committed } = store;
  let next = firstAbsent * 2;
  while (isFull?.() === false)
    for (let i = 0; i < VALUES; i++) store.set(keyText(next++), values[i] as string);
  const steps = Math.min(passes.steps, MOST_NEW);
  let lowest = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < NEW_PASSES; pass++) {
    const keys = Array.from({ length: steps }, () => keyText(next++));
    const once = { ...passes, steps, least: 1, budgetMs: 0 };
    lowest = Math.min(lowest, await fastest(once, () => setAll(store, keys, 1, values), committed));
    if (!isFull) for (const key of keys) store.delete(key);
    await committed?.();
  }
  return lowest;
}

interface Asked {
  readonly known: readonly string[];
  readonly absent: readonly string[];
  readonly bytes: Latin1Bytes; // of the known ones, as a server has them
}

function askedFor(keys: readonly string[], steps: number): Asked {
  const length = Math.min(steps, Math.max(LEAST_ROW, keys.length));
  const known = Array.from(drawn(length, keys.length, 11), (at) => keys[at] as string);
  const bytes = latin1Bytes(Buffer.alloc(length * keyBytes));
  for (let i = 0; i < length; i++) bytes.latin1Write(known[i] as string, i * keyBytes, keyBytes);
  const others = Array.from(keys, (_, at) => keyText(firstAbsent + at));
  const absent = Array.from(drawn(length, others.length, 12), (at) => others[at] as string);
  return { known, absent, bytes };
}

/** Throws where a store has lost what it was filled with: its times would be those of other calls. */
function mustBe(what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`${what}: ${found} in place of ${wanted}`);
}

export async function callsOn(store: Store, request: StoreRequest): Promise<CallsAnswer> {
  const { count, valueBytes } = request;
  const keys = await filled(store, count, valueBytes);
  store.freeze?.();
  const { known, absent, bytes } = askedFor(keys, request.steps);
  const rounds = Math.ceil(request.steps / known.length);
  const passes: Passes = {
    ...{ steps: rounds * known.length, least: PASSES, budgetMs: request.budgetMs },
    read: clocks[request.clock],
  };
  mustBe("values found", getAll(store, known, 1), known.length * valueBytes);
  mustBe("keys found", hasAll(store, known, 1), known.length);
  mustBe("absent keys found", hasAll(store, absent, 1), 0);
  const { read, getInto, committed } = store;
  const values = valuesFor(valueBytes);
  const timed = (pass: () => unknown) => fastest(passes, pass);
  return {
    hitNs: await timed(() => getAll(store, known, rounds)),
    freshNs: await timed(() => getFresh(store, bytes, known.length, rounds)),
    sliceNs: await timed(() => sliceFresh(bytes, known.length, rounds)),
    missNs: await timed(() => getAll(store, absent, rounds)),
    hasNs: await timed(() => hasAll(store, known, rounds)),
    ...(read && { readNs: await timed(() => readAll(read, known, rounds)) }),
    ...(getInto && { intoNs: await timed(() => copyAll(getInto, known, rounds, valueBytes)) }),
    ...(!store.freeze && {
      replaceNs: await fastest(passes, () => setAll(store, known, rounds, values), committed),
      newNs: await newNs(store, passes, valueBytes),
    }),
  };
}
