// One worker under test, without a thread: a program whose every access to shared memory is logged. It is
// stopped by an exception thrown out of an access, and goes on by being run again from its start: it is a
// function of the values it has read, so the log answers all accesses up to the one where it stopped.
// No write and no atomic is done a second time.

import type { MallocImports } from "offheap";
import { instanceOver, type Verbs } from "#core/built/asserting.js";
import { inverseOfNone, mapWord } from "#src/layout/layout.js";
import type { AtomicOps } from "#src/memory/atomics.js";
import type { Access } from "#src/memory/block.js";
import type { Kind, Machine } from "./machine.ts";
import { steppedInstance } from "./stepped.ts";

/** Thrown out of an access: this run of the program is over; another will take its place, or none. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Thrown out of an access into a worker that lives on, as a stack overflow would be. */
export class Overflow extends RangeError {
  override readonly name = "Overflow";
}

/** What is stepped: the core's JavaScript, or the compiled module with every access an import. */
export interface Target {
  /** Compare-exchanges of words are a load and a store: what the explorer must find. */
  readonly isBroken?: boolean;
  readonly isCompiled?: boolean;
}

/** What the fiber asks before each live access: may throw `Stopped` or `Overflow`. */
export type BeforeAccess = (fiber: Fiber, location: number, writes: boolean, isAtomic: boolean) => void;

const overflowed = Symbol("overflow");

export class Fiber {
  readonly index: number;
  readonly access: Access;
  /** free: before and after the schedule, nothing logged or asked; record: logged; live: asked and logged. */
  mode: "free" | "record" | "live" = "free";
  machine: Machine;
  /** What serves a module's calls that the core does not. */
  slowCalls: MallocImports | undefined;
  private readonly before: BeforeAccess;
  private readonly log: unknown[] = [];
  private cursor = 0;
  private keptLength = 0;
  /** How often something happened to this worker that is no access: what tells two deaths apart between which nothing is written. */
  events = 0;

  constructor(
    index: number,
    machine: Machine,
    { isBroken = false, isCompiled = false }: Target,
    before: BeforeAccess,
  ) {
    this.index = index;
    this.machine = machine;
    this.before = before;
    const access = accessOf(this, isBroken);
    this.access = { ...access, instance: isCompiled ? steppedInstance : instanceOver };
  }

  /** From now on the log begins with what was logged so far. */
  keep(): void {
    this.keptLength = this.log.length;
  }

  /** A new schedule begins. */
  forget(): void {
    this.log.length = this.keptLength;
    this.cursor = 0;
    this.events = 0;
  }

  /** The program is about to be run from its start. */
  rewind(): void {
    this.cursor = 0;
  }

  /** Something the test does in the name of this worker: done once, between two accesses. */
  event<T>(act: () => T): T {
    this.events++;
    if (this.cursor < this.log.length) return this.log[this.cursor++] as T;
    return this.logged(act());
  }

  load(kind: Kind, index: number): unknown {
    if (this.cursor < this.log.length) return this.replay();
    this.ask(kind, index, false, false);
    return this.logged(this.machine.load(this.index, kind, index));
  }

  store(kind: Kind, index: number, value: number | bigint): void {
    if (this.cursor < this.log.length) {
      this.replay();
      return;
    }
    this.ask(kind, index, true, false);
    this.machine.store(this.index, kind, index, value);
    this.logged(undefined);
  }

  atomic(
    kind: Kind,
    index: number,
    writes: boolean,
    change: (before: never) => number | bigint | undefined,
  ): unknown {
    if (this.cursor < this.log.length) return this.replay();
    this.ask(kind, index, writes, true);
    return this.logged(
      this.machine.atomic(
        this.index,
        kind,
        index,
        change as (before: unknown) => number | bigint | undefined,
      ),
    );
  }

  private ask(kind: Kind, index: number, writes: boolean, isAtomic: boolean): void {
    if (this.mode !== "live") return;
    try {
      this.before(this, this.machine.locationOf(kind, index), writes, isAtomic);
    } catch (reason) {
      if (reason instanceof Overflow) this.logged(overflowed);
      throw reason;
    }
  }

  private replay(): unknown {
    const value = this.log[this.cursor++];
    if (value === overflowed) throw new Overflow("stack overflow");
    return value;
  }

  private logged<T>(value: T): T {
    if (this.mode !== "free") {
      this.log.push(value);
      this.cursor++;
    }
    return value;
  }
}

/** The tables that follow from the configuration stay as they are: a load of them is no step. */
function constantAt({ machine }: Fiber, kind: Kind, index: number): number | undefined {
  if (kind === 0 && index >= inverseOfNone && index < mapWord) return machine.words[index];
  return kind === 1 && index < 0 ? machine.beforeStates[machine.statesAt + index] : undefined;
}

/** Element 0 of the view is the machine's element `first`. */
function view(fiber: Fiber, kind: Kind, length: number, first = 0): unknown {
  const fill = (value: number, from: number, to: number): void => {
    for (let index = from; index < to; index++) fiber.store(kind, first + index, value);
  };
  /** Element by element, as a move may be cut short anywhere. To a lower place only, so ascending. */
  const copyWithin = (target: number, from: number, to: number): void => {
    if (target > from) throw new Error("a stepping view moves down only");
    for (let i = 0; i < to - from; i++)
      fiber.store(kind, first + target + i, fiber.load(kind, first + from + i) as number);
  };
  return new Proxy(
    {},
    {
      get(_target, key) {
        const index = typeof key === "string" ? Number(key) : Number.NaN;
        if (index >= length) return undefined;
        if (index >= 0) return constantAt(fiber, kind, first + index) ?? fiber.load(kind, first + index);
        if (key === "length") return length;
        if (key === "fill") return fill;
        if (key === "copyWithin") return copyWithin;
        if (Number.isNaN(index) && key !== "NaN" && key !== "undefined")
          throw new Error(`a stepping view has no ${String(key)}`);
        return undefined;
      },
      set(_target, key, value) {
        const index = Number(key);
        if (Number.isInteger(index) && index >= 0 && index < length)
          fiber.store(kind, first + index, value as number | bigint);
        return true;
      },
    },
  );
}

function pairOf(value: number, stamp: number): bigint {
  return (BigInt(stamp) << 32n) | BigInt(value >>> 0);
}

/** The core's verbs, each access a step; what the core keeps for itself, and constants of the heap, are none. */
function verbsOf(fiber: Fiber, isBroken: boolean): Verbs {
  const own = new Map<number, number>();
  const ownLoad = (offset: number) => own.get(offset) ?? 0;
  const ownStore = (offset: number, value: number) => void own.set(offset, value);
  const load32 = (at: number) => fiber.load(0, at >>> 2) as number;
  const store32 = (at: number, value: number) => fiber.store(0, at >>> 2, value | 0);
  const state = (at: number) => at - fiber.machine.statesAt;
  // What comes before the state bytes are tables, which stay as they are.
  const constant8 = (at: number) => fiber.machine.beforeStates[at] as number;
  const load8 = (at: number) => (state(at) < 0 ? constant8(at) : (fiber.load(1, state(at)) as number));
  const store8 = (at: number, value: number) => fiber.store(1, state(at), value & 255);
  const word = (at: number, writes: boolean, change: (before: number) => number | undefined) =>
    fiber.atomic(0, at >>> 2, writes, change) as number;
  let stamp = 0;
  // Four state bytes, lowest first: a kill, or another's access, may come between any two.
  const bytes = [0, 1, 2, 3];
  return {
    load32,
    store32,
    load8,
    store8,
    loadQuad: (at) => bytes.reduce((quad, i) => quad | (load8(at + i) << (i * 8)), 0),
    storeQuad: (at, value) => {
      for (const i of bytes) store8(at + i, (value >>> (i * 8)) & 255);
    },
    glance32: load32,
    constant8,
    constant32: (at) => fiber.machine.words[at >>> 2] as number,
    atomicLoad32: (at) => word(at, false, () => undefined),
    atomicStore32: (at, value) => {
      word(at, true, () => value | 0);
    },
    compareExchange32: (at, expected, desired) => {
      if (!isBroken) {
        const found = word(at, true, (before) => (before === expected ? desired | 0 : undefined));
        return found === expected;
      }
      if (load32(at) !== expected) return false;
      store32(at, desired);
      return true;
    },
    compareExchange8: (at, expected, desired) =>
      fiber.atomic(1, state(at), true, (before: number) => (before === expected ? desired : undefined)) ===
      expected,
    or32: (at, bits) => word(at, true, (before) => before | bits),
    and32: (at, bits) => word(at, true, (before) => before & bits),
    add32: (at, delta) => word(at, true, (before) => (before + delta) | 0),
    // Two words in one access, as WebAssembly has it.
    loadCell: (at) => {
      const pair = fiber.atomic(2, at >>> 3, false, () => undefined) as bigint;
      stamp = Number(BigInt.asIntN(32, pair >> 32n));
      return Number(BigInt.asIntN(32, pair));
    },
    stampLoaded: () => stamp,
    exchangeCell: (at, value, oldStamp, nextValue, nextStamp) => {
      const expected = pairOf(value, oldStamp);
      const found = fiber.atomic(2, at >>> 3, true, (before: bigint) =>
        before === expected ? pairOf(nextValue, nextStamp) : undefined,
      );
      return found === expected;
    },
    wake: () => {},
    // Word by word, as a move may be cut short anywhere. To a lower place only, so ascending.
    moveDown: (to, from, count) => {
      for (let i = 0; i < count; i++) store32(to + i * 4, load32(from + i * 4));
    },
    // What objects hold is none of the books: no steps.
    copyBytes: (to, from, count) =>
      fiber.event(() => void new Uint8Array(fiber.machine.buffer).copyWithin(to, from, from + count)),
    clearBytes: (at, count) =>
      fiber.event(() => void new Uint8Array(fiber.machine.buffer, at, count).fill(0)),
    mallocSlow: (size) => fiber.slowCalls?.malloc(size) ?? 0,
    freeSlow: (address) => fiber.slowCalls?.free(address),
    callocSlow: (count, size) => fiber.slowCalls?.calloc(count, size) ?? 0,
    reallocSlow: (address, size) => fiber.slowCalls?.realloc(address, size) ?? 0,
    alignedSlow: (alignment, size) => fiber.slowCalls?.aligned_alloc(alignment, size) ?? 0,
    cleanUpSlow: () => {},
    bindOwn: () => {},
    ownLoad32: ownLoad,
    ownStore32: ownStore,
    ownLoad8: ownLoad,
    ownStore8: ownStore,
  };
}

function accessOf(fiber: Fiber, isBroken: boolean): Access {
  const word = (index: number, writes: boolean, change: (before: number) => number | undefined) =>
    fiber.atomic(0, index, writes, change) as number;
  const atomics: AtomicOps = {
    load: (_words, index) => word(index, false, () => undefined),
    store: (_words, index, value) => {
      word(index, true, () => value);
    },
    swap: (_words, index, expected, desired) =>
      word(index, true, (before) => (before === expected ? desired : undefined)) === expected,
    swapByte: (_states, index, expected, desired) =>
      fiber.atomic(1, index, true, (before: number) => (before === expected ? desired : undefined)) ===
      expected,
    loadWide: (_wide, index) => fiber.atomic(2, index, false, () => undefined) as bigint,
    swapWide: (_wide, index, expected, desired) =>
      fiber.atomic(2, index, true, (before: bigint) => (before === expected ? desired : undefined)) ===
      expected,
  };
  if (isBroken) {
    atomics.swap = (words, index, expected, desired) => {
      if (words[index] !== expected) return false;
      words[index] = desired;
      return true;
    };
  }
  return {
    words: (_buffer, _byteOffset, length) => view(fiber, 0, length) as Int32Array,
    wide: (_buffer, _byteOffset, length) => view(fiber, 2, length) as BigInt64Array,
    states: (_buffer, byteOffset, length) =>
      view(fiber, 1, length, byteOffset - fiber.machine.statesAt) as Uint8Array,
    atomics,
    verbs: () => verbsOf(fiber, isBroken),
  };
}
