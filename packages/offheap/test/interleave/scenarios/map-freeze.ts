// A map that is frozen, and whose entries are packed, while another worker reads it, changes it, or freezes it, too.

import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import { kitOf } from "../../support/kits.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { cleanUp } from "./common.ts";
import { freeze, get, mapOf, onMap, recall, remove, set } from "./maps.ts";

/** Whoever goes over all entries meets each once, be it in the list or packed. */
const iterate: Step<number> = (actor, at) => {
  const keys = mapOf(actor.slab, at)
    .all()
    .entries.map(([key]) => key);
  actor.note(`met ${keys.sort((a, b) => a - b)}`);
};
const one = [[1, 9]] as const;
const two = [
  [1, 9],
  [2, 8],
] as const;

/** At its end the map is frozen by who is left: what was begun is done, and each key has what it had. */
function onFrozen(
  name: string,
  initial: readonly (readonly [number, number])[],
  programs: Scenario<number>["programs"],
  more: Partial<Scenario<number>> = {},
): Scenario<number> {
  const scenario = onMap(name, initial, programs, { isLarge: true, ...more });
  return {
    ...scenario,
    finish: (slabs, actors, at) => {
      const [first] = slabs as [SlabAllocator];
      for (const slab of slabs) kitOf(slab).core.letGoEntry();
      const keys = initial.map(([key]) => key).sort((a, b) => a - b);
      const wrong = actors
        .flatMap(({ results }) => results)
        .find((each) => /^met /.test(each) && each !== `met ${keys}`);
      if (wrong !== undefined) return `${wrong}, in place of ${keys}`;
      const map = mapOf(first, at);
      const before = map.all().entries;
      // Who was stopped by an exception has its claim still.
      for (const slab of slabs) mapOf(slab, at).freeze();
      for (const [key, value] of before)
        if (map.get(key) !== value) return `key ${key} had ${value}, and frozen ${map.get(key)}`;
      const { entries } = map.all();
      if (entries.length !== before.length || map.count() !== before.length)
        return `${before.length} entries, and frozen ${entries.length}, ${map.count()} by the count`;
      const { core } = kitOf(first);
      if (core.packedOf(at) !== 0 && core.entryFrom(at, 1, 0) !== 0) return "entries are in the list yet";
      return scenario.finish?.(slabs, actors, at);
    },
  };
}

export const frozenGet = onFrozen("frozen, against get", two, [[freeze], [get(1), get(2), get(3)]]);
export const frozenSet = onFrozen("frozen, against set of a new key", one, [
  [freeze, get(2)],
  [set(2, 20), get(2)],
]);
export const frozenReplaced = onFrozen("frozen, against replaced", one, [
  [freeze, get(1), get(1)],
  [set(1, 20)],
]);
export const frozenDelete = onFrozen("frozen, against delete", one, [
  [freeze, get(1), get(1)],
  [remove(1), cleanUp],
]);
export const frozenTwice = onFrozen("frozen by two", one, [[freeze], [freeze, get(1)]]);
export const frozenRecall = onFrozen("frozen, against what is known", one, [
  [freeze],
  [recall(1), recall(1), get(1), recall(1)],
]);
export const frozenIterated = onFrozen("frozen, against an iteration", two, [[freeze], [iterate, get(1)]]);
