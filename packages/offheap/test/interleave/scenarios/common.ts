// What the scenarios are made of: the tiny heap, and steps of programs.

import type { Address } from "#src/base/brands.js";
import { keptTable } from "#src/layout/offsets.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Geometry, Step } from "../../support/stepping/scenario.ts";

export const one: Geometry = { classes: [64], chunks: 3, slots: 4, roundLimit: 2 };

/** Objects that an actor allocates in the setup. */
export function take(actor: Actor, count: number, size = 64): Address[] {
  const objects = takeWanted(actor, count, size);
  // What is freed of these is not kept for more of their length: so their span is seen to take part.
  const table = keptTable(actor.books(), actor.place);
  for (let i = 1; i < table.length; i += 2) table[i] = 0;
  return objects;
}

/** The same, of which page runs are kept when they are freed: the length was asked for twice. */
export function takeWanted(actor: Actor, count: number, size: number): Address[] {
  const first = actor.mine.length;
  for (let i = 0; i < count; i++) actor.allocate(size);
  const table = keptTable(actor.books(), actor.place);
  for (let i = 1; i < table.length; i += 2) if (table[i] !== 0) table[i] = (table[i] as number) | 1;
  return actor.mine.splice(first);
}

export const allocate =
  (size = 64): Step<unknown> =>
  (actor) =>
    actor.allocate(size);

/** A step whose allocations and frees come from a module. */
export const inModule =
  <C>(step: Step<C>): Step<C> =>
  (actor, context) => {
    actor.useModule(true);
    step(actor, context);
    actor.useModule(false);
  };

export const freeOldest: Step<unknown> = (actor) => actor.freeOldest();

export const cleanUp: Step<unknown> = (actor) => actor.call((slab) => slab.cleanup());

export const cleanUpAll: Step<unknown> = (actor) => actor.call((slab) => slab.cleanup({ all: true }));

export const detach: Step<unknown> = (actor) => actor.call((slab) => slab.detach());

export const attach: Step<unknown> = (actor) => actor.attach();

export const free =
  (index: number): Step<Address[]> =>
  (actor, context) =>
    actor.free(context[index] as Address);
