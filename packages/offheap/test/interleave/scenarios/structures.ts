// Structures: a stack that two workers share, and the names of a heap. Whoever dies when, each value is in the stack or was
// popped, once; each name leads to what it was set to last, or before; nothing leaks.

import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { Address } from "#src/base/brands.js";
import { kitOf } from "../../support/kits.ts";
import { SharedStack } from "../../support/stack.ts";
import type { Actor } from "../../support/stepping/actor.ts";
import { Violated } from "../../support/stepping/objects.ts";
import type { Geometry, Scenario, Step } from "../../support/stepping/scenario.ts";
import { cleanUp } from "./common.ts";

const geometry: Geometry = { classes: [64], chunks: 2, slots: 8, roundLimit: 2, keepsData: true };

const stackOf = (slab: SlabAllocator, head: number) => new SharedStack(kitOf(slab), head);

const push =
  (value: number): Step<number> =>
  (actor, head) => {
    actor.note(`push ${value}`);
    stackOf(actor.slab, head).push(value);
    actor.note("done");
  };

const pop: Step<number> = (actor, head) => {
  actor.note("pop");
  actor.note(`${stackOf(actor.slab, head).pop()}`);
};

const top: Step<number> = (actor, head) => {
  const value = stackOf(actor.slab, head).top();
  if (value !== undefined && (value < 1 || value > 9)) throw new Error(`the top is ${value}`);
};

/** What a worker was told: what it pushed, surely or perhaps, what it popped, and whether it was in a pop at its end. */
function toldBy({ results }: Actor): {
  pushed: number[];
  maybe: number[];
  popped: number[];
  popping: number;
} {
  const told = { pushed: [] as number[], maybe: [] as number[], popped: [] as number[], popping: 0 };
  for (let i = 0; i < results.length; i++) {
    const [call, value] = (results[i] as string).split(" ");
    const answer = results[i + 1];
    const isAnswered = answer !== undefined && answer !== "overflow";
    if (call === "push") (isAnswered ? told.pushed : told.maybe).push(Number(value));
    if (call === "pop" && isAnswered && answer !== "undefined") told.popped.push(Number(answer));
    if (call === "pop" && !isAnswered) told.popping++;
  }
  return told;
}

/** Empties the stack, and says what is wrong with what was in it. */
function judgeStack(
  initial: readonly number[],
): (slabs: readonly SlabAllocator[], actors: readonly Actor[], head: number) => string | undefined {
  return (slabs, actors, head) => {
    // An exception leaves what a worker was reading protected, until it reads again.
    for (const slab of slabs) kitOf(slab).core.unprotect(0);
    const slab = slabs[0] as SlabAllocator;
    const stack = stackOf(slab, head);
    const left: number[] = [];
    for (let value = stack.pop(); value !== undefined; value = stack.pop()) left.push(value);
    kitOf(slab).end(head as Address);
    const told = actors.map(toldBy);
    const popped = told.flatMap((each) => each.popped);
    const seen = [...left, ...popped];
    const pushed = [...initial, ...told.flatMap((each) => each.pushed)];
    const maybe = told.flatMap((each) => each.maybe);
    const popping = told.reduce((sum, each) => sum + each.popping, 0);
    const twice = seen.filter((value, i) => seen.indexOf(value) !== i);
    if (twice.length > 0) return `${twice} came out twice: left ${left}, popped ${popped}`;
    const foreign = seen.filter((value) => !pushed.includes(value) && !maybe.includes(value));
    if (foreign.length > 0) return `${foreign} was never pushed`;
    const lost = pushed.filter((value) => !seen.includes(value));
    if (lost.length > popping) return `${lost} is lost: left ${left}, popped ${popped}`;
    return undefined;
  };
}

function onStack(
  name: string,
  initial: readonly number[],
  programs: Scenario<number>["programs"],
  more: Partial<Scenario<number>> = {},
): Scenario<number> {
  return {
    name: `stack: ${name}`,
    geometry,
    mayRunOut: true,
    setup: ([first]) => {
      const { slab } = first as Actor;
      const head = SharedStack.create(kitOf(slab));
      for (const value of initial) stackOf(slab, head).push(value);
      return head;
    },
    programs,
    finish: judgeStack(initial),
    ...more,
  };
}

export const pushPush = onStack("push, push", [], [[push(1)], [push(2)]]);
export const pushPop = onStack("push, pop", [9], [[push(1)], [pop]]);
export const popPop = onStack("pop, pop", [8, 9], [[pop], [pop]]);
export const topPop = onStack("top, against pop and push", [8, 9], [[top], [pop, push(1), cleanUp]]);
export const popPush = onStack(
  "pop and push, twice",
  [8, 9],
  [
    [pop, push(1)],
    [pop, push(2)],
  ],
  {
    isLarge: true,
  },
);

/** Reaps the worker before this one, and the one before that. */
const reap =
  (...workers: number[]): Step<number> =>
  (actor) => {
    for (const worker of workers) actor.reap(worker);
  };

export const reapers = [
  onStack("death in a push, and of its reaper", [9], [[push(1)], [reap(0)], [reap(1, 0), pop]]),
  onStack("death in a pop, and of its reaper", [8, 9], [[pop], [reap(0)], [reap(1, 0), push(1)]]),
].map((scenario) => ({ ...scenario, victims: [0, 1], startsAfter: { 1: [0], 2: [1] } }));

/** A reader that holds the top dies, or stalls: what was popped meanwhile ends all the same. */
export const heldTop = onStack(
  "pop of a top that another reads",
  [8, 9],
  [[(actor, head) => void kitOf(actor.slab).core.protect(0, head)], [pop, cleanUp, pop], []],
  { victims: [0] },
);

export interface Named {
  readonly targets: readonly [Address, Address];
}

export const set =
  (name: string, which: 0 | 1): Step<Named> =>
  (actor, { targets }) => {
    actor.slab.roots.set(name, { kind: "test", address: targets[which] });
    actor.note(`${name} is ${which}`);
  };

export const remove =
  (name: string): Step<Named> =>
  (actor) => {
    // It has been there since before, and is replaced.
    if (!actor.slab.roots.delete(name)) throw new Violated(`${name} was not there`);
    actor.note(`${name} is deleted`);
  };

const look =
  (name: string): Step<Named> =>
  (actor, { targets }) => {
    const found = actor.slab.roots.get(name);
    // It has been there since before, and is replaced.
    if (found === undefined) throw new Violated(`${name} was not found`);
    if (found.kind !== "test" || !targets.includes(found.address))
      throw new Violated(`${name} leads to ${found.kind} ${found.address}`);
  };

export function withNames(
  name: string,
  initial: readonly string[],
  programs: Scenario<Named>["programs"],
): Scenario<Named> {
  return {
    name: `names: ${name}`,
    geometry: { ...geometry, chunks: 2, slots: 8 },
    mayRunOut: true,
    setup: ([first]) => {
      const { slab } = first as Actor;
      const targets = [slab.allocate(64), slab.allocate(64)] as const;
      for (const each of initial) slab.roots.set(each, { kind: "test", address: targets[0] });
      for (const address of targets) slab.disown(address);
      return { targets };
    },
    programs,
    finish: ([slab], _actors, { targets }) => {
      if (slab === undefined) return undefined;
      const list = slab.roots.list();
      const names = list.map((each) => each.name);
      if (new Set(names).size !== names.length) return `names stand twice: ${names}`;
      const wrong = list.find((each) => !targets.includes(each.address) || each.kind !== "test");
      if (wrong !== undefined) return `${wrong.name} leads to ${wrong.kind} ${wrong.address}`;
      for (const each of names) if (!slab.roots.delete(each)) return `${each} cannot be deleted`;
      for (const address of targets) slab.deallocate(address);
      return undefined;
    },
  };
}

export const setSet = withNames("set, set", [], [[set("a", 0)], [set("a", 1)]]);
export const setDelete = withNames("replaced, against delete", ["a"], [[set("a", 1)], [remove("a")]]);
export const setGet = withNames("replaced, against get", ["a"], [[set("a", 1), cleanUp], [look("a")]]);
