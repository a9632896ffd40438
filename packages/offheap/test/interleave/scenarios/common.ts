// What the scenarios are made of: the tiny heap, and steps of programs.

import type { Address } from "#src/base/brands.js";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Geometry, Step } from "../../support/stepping/scenario.ts";

export const one: Geometry = { classes: [64], chunks: 3, slots: 4, roundLimit: 2 };

/** Objects that an actor allocates in the setup. */
export function take(actor: Actor, count: number, size = 64): Address[] {
  const first = actor.mine.length;
  for (let i = 0; i < count; i++) actor.allocate(size);
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
