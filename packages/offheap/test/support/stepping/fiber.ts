// One worker under test, without a thread: a program whose every access to shared memory is logged. It is
// stopped by an exception thrown out of an access, and goes on by being run again from its start: it is a
// function of the values it has read, so the log answers all accesses up to the one where it stopped.
// No write and no atomic is done a second time.

import type { MallocImports } from "offheap";
import { inverseOfNone, mapWord } from "#src/layout/layout.js";
import type { AtomicOps } from "#src/memory/atomics.js";
import type { Access } from "#src/memory/block.js";
import { Cores } from "./cores.ts";
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
  private readonly cores: Cores;
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
    const cores = new Cores(this, isBroken);
    this.access = {
      ...accessOf(this, isBroken),
      verbs: () => cores.verbs(),
      instance: isCompiled ? steppedInstance : (verbs) => cores.instance(verbs),
    };
    this.cores = cores;
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
    this.cores.rewind();
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
  };
}
