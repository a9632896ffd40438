// What a scenario is: a tiny heap, what happened before, and one program for each worker.

import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { Address } from "#src/base/brands.js";
import type { Heap } from "#src/memory/heap.js";
import type { Actor } from "./actor.ts";

export interface Geometry {
  readonly classes: readonly number[];
  /** A MemoryPool, for objects of any size. */
  readonly isPool?: boolean;
  /** Data chunks. */
  readonly chunks: number;
  readonly slots?: number;
  /** Most chunks of a slab. */
  readonly slabChunks?: number;
  readonly roundLimit?: number;
  readonly cleanupInterval?: number;
  /** What objects hold is stepped, kept and compared, too: structures are made of it. */
  readonly keepsData?: boolean;
  /** Places in the heap; one more than the actors by default, for whoever looks at the end. */
  readonly maxWorkers?: number;
}

export type Step<C> = (actor: Actor, context: C) => void;

export interface Scenario<C = unknown> {
  readonly name: string;
  readonly geometry: Geometry;
  readonly programs: readonly (readonly Step<C>[])[];
  /** Runs once, before every schedule; its objects and addresses are the context of the programs. */
  readonly setup?: (actors: readonly Actor[]) => C;
  /** Actors that the setup attaches: all but those that attach themselves. */
  readonly attached?: readonly number[];
  /** Workers that have an operating system: one that zeroes what it is given, and looks whose it is. */
  readonly withOs?: readonly number[];
  /** Workers that may be killed, and are dead at the end of their program at the latest. */
  readonly victims?: readonly number[];
  /** For each worker, those that must be dead or done before it starts: the host has joined them. */
  readonly startsAfter?: Readonly<Record<number, readonly number[]>>;
  /** Nobody may die in it, or be stopped by an exception: the test could not tell what is right then. */
  readonly isDeathless?: boolean;
  /**
   * Where an exception may pass in it, after which the worker goes on with its program, and cleans up only when
   * hardly any of it is left: wherever slots are being moved, in a reset, or anywhere. Without, its next call is a
   * clean-up.
   */
  readonly goesOn?: "from moving" | "from resetting" | "from anywhere";
  /** Has too many schedules for a death at every access and a pre-emption at another, but for a deep run. */
  readonly isLarge?: boolean;
  /** An allocation may end in ERR_OUT_OF_MEMORY, because another worker holds what is left. */
  readonly mayRunOut?: boolean;
  /** Illegal calls are part of it: the books are looked at after each worker's clean-up. */
  readonly isIllegal?: boolean;
  /** Violations that illegal calls may leave, and why the heap is whole all the same, stands in docs/proof.md. */
  readonly tolerates?: RegExp;
  /** The heap was destroyed: there are no books to look at. */
  readonly isDestroyed?: boolean;
  /** Ends what the scenario's structures hold, when the dead have been reaped; names what is wrong with it. */
  readonly finish?: (
    slabs: readonly SlabAllocator[],
    actors: readonly Actor[],
    context: C,
  ) => string | undefined;
  /** Live objects of structures at the end, found in the memory: the test knows of none itself. */
  readonly structureObjects?: (heap: Heap) => readonly Address[];
  /** Names what is wrong with the results. */
  readonly verify?: (actors: readonly Actor[], context: C) => string | undefined;
}

/** One deviation from the default course: at point `at`, counted over the whole schedule. */
export interface Deviation {
  readonly at: number;
  /** to: another worker goes on; kill: the worker dies; throw: an exception passes; see: stores that arrive. */
  readonly kind: "to" | "kill" | "throw" | "see";
  readonly value: number;
}

export type Schedule = readonly Deviation[];

const signs = { to: ">", kill: "!", throw: "?", see: "~" } as const;

/** `12>1 25~0 31!0`: before access 12 worker 1 goes on; at 25 no store arrives; before 31 worker 0 dies. */
export function print(schedule: Schedule): string {
  return schedule.map(({ at, kind, value }) => `${at}${signs[kind]}${value}`).join(" ");
}

export function parse(text: string): Schedule {
  return text
    .split(" ")
    .filter((part) => part !== "")
    .map((part) => {
      const [, at, sign, value] = /^(\d+)([>!?~])(\d+)$/.exec(part) ?? [];
      const kind = (Object.keys(signs) as Deviation["kind"][]).find((name) => signs[name] === sign);
      if (kind === undefined) throw new Error(`no schedule: ${text}`);
      return { at: Number(at), kind, value: Number(value) };
    });
}
