// A name that is set where nobody has it: of two who try at once one gets it, also where each sees another cell free; who sets it in
// any case comes before or behind that. A draft of one that has died is in nobody's way.

import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { Actor } from "../../support/stepping/actor.ts";
import { Violated } from "../../support/stepping/objects.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { type Named, remove, set, withNames } from "./structures.ts";

/** A name that is looked for from the same cell on as "a". */
const beside = "n104";

const setNew =
  (name: string, which: 0 | 1): Step<Named> =>
  (actor, { targets }) => {
    const isSet = actor.slab.roots.setIfAbsent(name, { kind: "test", address: targets[which] });
    actor.note(isSet ? `${name} is new as ${which}` : `${name} was there`);
    // Nobody deletes it: so who was too late finds what was faster.
    if (!isSet && actor.slab.roots.get(name) === undefined)
      throw new Violated(`${name} was there, and is not`);
  };

/** By what the workers were told: what the name may lead to, or what is wrong with that. */
function judge(slab: SlabAllocator, actors: readonly Actor[], { targets }: Named): string | undefined {
  const told = actors.flatMap(({ results }) => results as string[]);
  const [winner, ...more] = told.filter((each) => each.startsWith("a is new as "));
  if (more.length > 0) return `two have set the name: ${told}`;
  const found = slab.roots.get("a");
  const which = targets.indexOf(found?.address as never);
  if (told.includes("a was there") && found === undefined) return "the name was there, and is not";
  // Behind `set` it leads to what that has set, whoever was new before; what comes behind is too late.
  if (told.includes("a is 1") && which !== 1) return `the name leads to ${which}, and was set to 1`;
  if (winner !== undefined && found === undefined) return "the name was set, and is not there";
  const isReplaced = told.includes("a is 1");
  if (winner !== undefined && !isReplaced && !hasOtherSet(actors) && winner !== `a is new as ${which}`)
    return `the name leads to ${which}: ${told}`;
  // A draft of the dead goes out with the next set.
  slab.roots.delete("a");
  slab.roots.set("a", { kind: "test", address: targets[0] });
  return undefined;
}

/** One that died in a `set` has told nothing. */
function hasOtherSet(actors: readonly Actor[]): boolean {
  return actors.some(({ results }) => results.includes("sets a"));
}

function judged(scenario: Scenario<Named>): Scenario<Named> {
  const { finish } = scenario;
  return {
    ...scenario,
    finish: (slabs, actors, context) => {
      const [slab] = slabs;
      if (slab === undefined) return undefined;
      return judge(slab, actors, context) ?? finish?.(slabs, actors, context);
    },
  };
}

const setOver: Step<Named> = (actor, context) => {
  actor.note("sets a");
  set("a", 1)(actor, context);
};

export const newNew = judged(withNames("new, new", [], [[setNew("a", 0)], [setNew("a", 1)]]));
export const newSet = judged(withNames("new, against set", [], [[setNew("a", 0)], [setOver]]));
/** One may see a free cell before that which the other has seen. */
export const newNewApart = judged(
  withNames("new, new, in two cells", [beside], [[remove(beside), setNew("a", 0)], [setNew("a", 1)]]),
);
export const newSetApart = judged(
  withNames("new, against set, in two cells", [beside], [[remove(beside), setOver], [setNew("a", 0)]]),
);
export const setNewApart = judged(
  withNames("set, against new, in two cells", [beside], [[remove(beside), setNew("a", 0)], [setOver]]),
);
