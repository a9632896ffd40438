// A map that two workers share. Whatever the schedule, and whoever dies when, there is an order of the calls, in which each worker's
// stand in their own, that gives their results and what is left; a call that was cut short took place or did not.

import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { Address } from "#src/base/brands.js";
import { MapChecks } from "#src/checks/maps.js";
import { entryWords, mapWords } from "#src/layout/index.js";
import { kitOf } from "../../support/kits.ts";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Geometry, Scenario, Step } from "../../support/stepping/scenario.ts";
import { stampKnown, WordMap } from "../../support/word-map.ts";
import { allocate, cleanUp } from "./common.ts";

const geometry: Geometry = {
  classes: [64, 4096],
  chunks: 3,
  slots: 8,
  roundLimit: 2,
  keepsData: true,
};

export const mapOf = (slab: SlabAllocator, at: number) => new WordMap(kitOf(slab), at);

export const set =
  (key: number, value: number): Step<number> =>
  (actor, at) => {
    actor.note(`set ${key} ${value}`);
    actor.note(mapOf(actor.slab, at).put(key, value) < 0 ? refused : "done");
  };

/** The map is frozen. */
const refused = "refused";

export const freeze: Step<number> = (actor, at) => {
  actor.note("freeze");
  mapOf(actor.slab, at).freeze();
  actor.note("done");
};

const insert =
  (key: number, value: number): Step<number> =>
  (actor, at) => {
    actor.note(`insert ${key} ${value}`);
    actor.note(`${mapOf(actor.slab, at).put(key, value, 1) !== 0}`);
  };

export const get =
  (key: number): Step<number> =>
  (actor, at) => {
    actor.note(`get ${key}`);
    actor.note(`${mapOf(actor.slab, at).get(key)}`);
  };

export const recall =
  (key: number, isUse = false): Step<number> =>
  (actor, at) => {
    actor.note(`get ${key}`);
    actor.note(`${mapOf(actor.slab, at).recall(key, isUse)}`);
  };

export const remove =
  (key: number): Step<number> =>
  (actor, at) => {
    actor.note(`delete ${key}`);
    actor.note(`${mapOf(actor.slab, at).remove(key) ?? refused}`);
  };

const use =
  (key: number): Step<number> =>
  (actor, at) => {
    actor.note(`get ${key}`);
    actor.note(`${mapOf(actor.slab, at).use(key)}`);
  };

const evict: Step<number> = (actor, at) => {
  actor.note("evict 1");
  actor.note(`${mapOf(actor.slab, at).evict(1)}`);
};

export const grow: Step<number> = (actor, at) => mapOf(actor.slab, at).grow();

interface Call {
  readonly call: string;
  /** Undefined: it was cut short. */
  readonly answer: string | undefined;
}

const someCall = /^(set|insert|get|delete|evict|freeze)\b/;

function callsOf({ results }: Actor): Call[] {
  const calls: Call[] = [];
  for (let i = 0; i < results.length; ) {
    const call = results[i] as string;
    const next = results[i + 1];
    const isCall = someCall.test(call);
    if (!isCall) {
      i++;
      continue;
    }
    const isAnswered = next !== undefined && !someCall.test(next) && next !== "overflow";
    calls.push({ call, answer: isAnswered ? next : undefined });
    i += isAnswered ? 2 : 1;
  }
  return calls;
}

/** What the keys have; and whether the map is frozen, under a key that none has. */
type State = ReadonlyMap<number, number>;
const frozen = -1;

/** What a call may answer, and leave. */
function apply(state: State, call: string): [string, State][] {
  const [what, key, value] = call.split(" ").map((part, i) => (i === 0 ? part : Number(part))) as [
    string,
    number,
    number,
  ];
  const next = new Map(state);
  if (what === "get") return [[`${state.get(key)}`, state]];
  if (what === "freeze") return [["done", next.set(frozen, 1)]];
  if (what !== "evict" && state.has(frozen))
    return what === "delete" && !state.has(key)
      ? [
          [refused, state],
          ["false", state],
        ]
      : [[refused, state]];
  if (what === "evict")
    return [["0", state], ...[...state.keys()].map((each) => ["1", without(state, each)] as [string, State])];
  if (what === "set") return [["done", next.set(key, value)]];
  if (what === "insert") return [[`${!state.has(key)}`, state.has(key) ? state : next.set(key, value)]];
  return [[`${next.delete(key)}`, next]];
}

function without(state: State, key: number): State {
  const next = new Map(state);
  next.delete(key);
  return next;
}

function isExplained(programs: readonly (readonly Call[])[], state: State, end: string): boolean {
  if (programs.every((calls) => calls.length === 0)) return textOf([...state]) === end;
  return programs.some((calls, i) => {
    const [first, ...rest] = calls;
    if (first === undefined) return false;
    const left = programs.map((each, k) => (k === i ? rest : each));
    if (first.answer === undefined && isExplained(left, state, end)) return true;
    return apply(state, first.call).some(
      ([answer, next]) => (first.answer ?? answer) === answer && isExplained(left, next, end),
    );
  });
}

const textOf = (entries: [number, number][]) =>
  JSON.stringify(entries.filter(([key]) => key !== frozen).sort(([a], [b]) => a - b));

/** What check() would say if the map had a name. */
function whatIsWrong(slab: SlabAllocator, at: number): string[] {
  const { heap } = kitOf(slab);
  const said: string[] = [];
  const owner = heap.whole[(at + mapWords.owner) / 4] as number;
  new MapChecks(heap, (_, message) => said.push(message)).checkMap(at, owner);
  return said;
}

function judge(initial: ReadonlyMap<number, number>): NonNullable<Scenario<number>["finish"]> {
  return (slabs, actors, at) => {
    for (const slab of slabs) kitOf(slab).core.letGoEntry();
    const map = mapOf(slabs[0] as SlabAllocator, at);
    const wrong = whatIsWrong(slabs[0] as SlabAllocator, at);
    if (wrong.length > 0) return `check() would say: ${wrong.join("; ")}`;
    const { entries } = map.all();
    map.end();
    const programs = actors.map(callsOf);
    const end = textOf(entries);
    if (isExplained(programs, initial, end)) return undefined;
    return `no order of ${JSON.stringify(programs)} leaves ${end}`;
  };
}

export function onMap(
  name: string,
  initial: readonly (readonly [number, number])[],
  programs: Scenario<number>["programs"],
  more: Partial<Scenario<number>> = {},
): Scenario<number> {
  return {
    name: `map: ${name}`,
    geometry,
    mayRunOut: true,
    setup: ([first]) => {
      const { slab } = first as Actor;
      const at = WordMap.create(kitOf(slab));
      for (const [key, value] of initial) mapOf(slab, at).put(key, value);
      return at;
    },
    programs,
    finish: judge(new Map(initial)),
    ...more,
  };
}

/** More objects than have space beside those of the scenario. */
const mostObjects = 14;

/** Objects wherever an entry may have been, whose words are as the cell of that was; then none again. */
export const mimic =
  (key: number): Step<number> =>
  ({ slab }) => {
    const kit = kitOf(slab);
    const objects: Address[] = [];
    for (let i = 0; i < mostObjects; i++) {
      const address = kit.tryAllocate(64);
      if (address === 0) break;
      kit.core.putWord(address + 4, stampKnown(key));
      kit.keep();
      objects.push(address as Address);
    }
    for (const address of objects) slab.deallocate(address);
  };

/** An object that as an entry would have a longer value. */
const misleadCount: Step<number> = (actor) => {
  actor.allocate(64);
  const address = actor.mine.at(-1);
  if (address !== undefined) kitOf(actor.slab).core.putWord(address + entryWords.valueBytes * 4, 28);
};

export const setSetMap = onMap("set, set of one key", [], [[set(1, 10)], [set(1, 20)]]);
export const replaceReplace = onMap("replaced, and replaced", [[1, 9]], [[set(1, 10)], [set(1, 20)]]);
export const setOther = onMap("set, set of two keys", [], [[set(1, 10)], [set(2, 20)]]);
export const insertInsert = onMap("insert, insert", [], [[insert(1, 10)], [insert(1, 20)]]);
export const replaceDelete = onMap("replaced, against delete", [[1, 9]], [[set(1, 10)], [remove(1)]]);
/** What went in may have gone out, and be something else, before it is counted. */
export const setOut = onMap(
  "set, against delete and an object in its place",
  [],
  [[set(1, 10)], [remove(1), cleanUp, misleadCount]],
);
export const deleteDelete = onMap("delete, delete", [[1, 9]], [[remove(1)], [remove(1)]]);
export const deleteNeighbours = onMap(
  "neighbours deleted, and one set between",
  [
    [1, 9],
    [2, 9],
    [3, 9],
  ],
  [
    [remove(1), remove(2)],
    [remove(3), set(2, 20)],
  ],
  { isLarge: true },
);
export const getReplaced = onMap(
  "get, against replaced and deleted",
  [[1, 9]],
  [
    [get(1), get(1)],
    [set(1, 10), cleanUp, remove(1), cleanUp],
  ],
);
export const getBehind = onMap(
  "get of an entry behind one that is deleted, and of its slot",
  [
    [1, 9],
    [2, 8],
  ],
  [
    [get(2), get(1)],
    [remove(1), cleanUp, set(3, 30), remove(2)],
  ],
  { isLarge: true },
);
/** By their hashes 2 stands before 1, and 3 behind it: who meets 3 in the place of 2 must not take 1 for gone. */
export const behindReused = [get(1), remove(1), set(1, 10)].map((call, i) =>
  onMap(
    `${["get", "delete", "set"][i]} behind an entry whose slot one further behind takes`,
    [
      [2, 9],
      [1, 8],
    ],
    [[call], [remove(2), cleanUp, set(3, 30)]],
    { isLarge: i > 0 },
  ),
);
export const growSet = onMap(
  "grown, against set and get",
  [
    [1, 9],
    [2, 8],
  ],
  [
    [grow, set(1, 10)],
    [set(2, 20), get(1)],
  ],
  { isLarge: true },
);
export const openOpen = onMap(
  "one bucket opened by two",
  [
    [1, 9],
    [2, 8],
    [3, 7],
  ],
  [
    [grow, set(1, 10), set(2, 11)],
    [set(1, 20), set(2, 21)],
  ],
  { isLarge: true },
);

function onCache(
  name: string,
  initial: readonly (readonly [number, number])[],
  programs: Scenario<number>["programs"],
  more: Partial<Scenario<number>> = {},
): Scenario<number> {
  const scenario = onMap(name, initial, programs, more);
  return {
    ...scenario,
    name: `cache: ${name}`,
    setup: ([first]) => {
      const { slab } = first as Actor;
      const at = WordMap.createCache(kitOf(slab));
      for (const [key, value] of initial) mapOf(slab, at).put(key, value);
      return at;
    },
  };
}

export const evictEvict = onCache("evict, evict", [[1, 9]], [[evict], [evict]]);
export const evictReplace = onCache("evict, against replaced", [[1, 9]], [[evict], [set(1, 10)]]);
export const evictDelete = onCache(
  "evict, against delete and set",
  [[1, 9]],
  [
    [evict, cleanUp],
    [remove(1), set(1, 10)],
  ],
);
export const evictUse = onCache("evict, against get", [[1, 9]], [[evict, cleanUp, set(2, 20)], [use(1)]]);

export const recallReplaced = onMap(
  "known, against replaced and deleted, and its slot used again",
  [[1, 9]],
  [
    [recall(1), get(1), recall(1)],
    [set(1, 10), cleanUp, remove(1), cleanUp],
  ],
);
/** The one or the other stands behind the head, as their hashes have it. */
export const recallMimicked = [1, 2].map((key) =>
  onMap(
    `known, against an object in the place of ${key} that looks like it`,
    [
      [1, 9],
      [2, 8],
    ],
    [
      [recall(1), recall(2), get(key), recall(1), recall(2)],
      [remove(key), cleanUp, mimic(key)],
    ],
    { isDeathless: true },
  ),
);
export const recallBehind = onMap(
  "known, against changes before it on its way, and its slot used again",
  [
    [1, 9],
    [2, 8],
    [3, 7],
  ],
  [
    [recall(3), recall(2), recall(1), get(2), recall(3), recall(2), recall(1)],
    [remove(1), remove(2), cleanUp, set(2, 20), set(1, 10), remove(3)],
  ],
  { isLarge: true },
);
export const recallGrown = onMap(
  "known, against a map that grows",
  [
    [1, 9],
    [2, 8],
  ],
  [
    [recall(1), recall(2), get(1), recall(1), recall(2)],
    [grow, set(2, 20), set(1, 10)],
  ],
  { isLarge: true },
);
/** As a death between an exchange and its count has left it: a place that nobody has counts one entry too many. */
const lastPlace = (slab: SlabAllocator, at: number) => {
  const { core, heap } = kitOf(slab);
  return core.rowOf(at, heap.layout.maxWorkers);
};
const count: Step<number> = (actor, at) => {
  actor.note(`counted ${mapOf(actor.slab, at).count()}`);
};
export const countLost = onMap(
  "counted after a death, against insert and delete",
  [
    [1, 9],
    [2, 8],
  ],
  [
    [count, count],
    [remove(1), insert(3, 30)],
  ],
  {
    setup: ([first]) => {
      const { slab } = first as Actor;
      const { core } = kitOf(slab);
      const at = WordMap.create(kitOf(slab));
      mapOf(slab, at).put(1, 9);
      mapOf(slab, at).put(2, 8);
      const row = lastPlace(slab, at);
      core.putWord(row, 1);
      core.putWord(row + mapWords.rowBytes, 5);
      core.putWord(row + mapWords.rowTurn, 1);
      return at;
    },
  },
);
export const hitReused = onCache(
  "known, against an object in its place",
  [[1, 9]],
  [
    [recall(1, true), recall(1, true)],
    [remove(1), cleanUp, ...Array.from({ length: mostObjects }, () => allocate())],
  ],
  { isLarge: true },
);
export const hitDeleted = onCache(
  "known, against delete and set",
  [[1, 9]],
  [
    [recall(1, true), get(1), recall(1, true)],
    [remove(1), cleanUp, set(2, 20)],
  ],
);
