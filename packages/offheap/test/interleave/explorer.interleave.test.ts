// The explorer itself: it finds a race that is there, makes it small, and replays it from its printed form;
// its reduction leaves no end of a schedule out; a schedule runs twice alike.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { explore, type Failure } from "../support/stepping/explore.ts";
import { parse, print, type Scenario } from "../support/stepping/scenario.ts";
import { shrink } from "../support/stepping/shrink.ts";
import { World } from "../support/stepping/world.ts";
import { allocateAllocate, drainDrain, localRemote } from "./scenarios/allocate-free.ts";

describe("the explorer", () => {
  const broken = { memory: "strong", preemptions: 2, isBroken: true, reduce: true } as const;

  it("finds a compare-exchange that is none", () => {
    const { failure } = explore(allocateAllocate, broken);
    assert.ok(failure !== undefined);
    const { scenario, failure: least } = shrink(allocateAllocate, broken, failure);
    assert.ok(least.schedule.length <= failure.schedule.length);
    const steps = scenario.programs.flat().length;
    assert.ok(steps <= allocateAllocate.programs.flat().length);
    const again = new World(scenario, broken).replay(parse(print(least.schedule)));
    assert.equal(again.failure, least.message);
  });

  it("needs no more than one pre-emption for it", () => {
    assert.equal(explore(allocateAllocate, { ...broken, preemptions: 0 }).failure, undefined);
    const failure = explore(allocateAllocate, { ...broken, preemptions: 1 }).failure as Failure;
    assert.equal(failure.schedule.filter(({ kind }) => kind === "to").length <= 2, true);
  });

  it("reaches the same ends with and without the reduction", () => {
    for (const scenario of [localRemote, drainDrain] as unknown as Scenario<never>[]) {
      for (const memory of ["strong", "lazy"] as const) {
        const all = explore(scenario, { memory, preemptions: 2 });
        const reduced = explore({ ...scenario }, { memory, preemptions: 2, reduce: true });
        assert.equal(reduced.ends, all.ends, `${scenario.name}, ${memory}`);
        assert.ok(reduced.schedules < all.schedules);
      }
    }
  });

  it("reaches the same ends with and without the deaths that it leaves out", () => {
    for (const scenario of [localRemote, drainDrain] as unknown as Scenario<never>[]) {
      const mortal = { ...scenario, victims: [0] };
      const bounds = { memory: "strong", preemptions: 1, kills: 1 } as const;
      const all = explore(mortal, bounds);
      const reduced = explore({ ...mortal }, { ...bounds, reduce: true });
      assert.equal(reduced.ends, all.ends, scenario.name);
      assert.ok(reduced.schedules < all.schedules / 2);
    }
  });

  it("runs a schedule twice alike", () => {
    const world = new World(drainDrain, { memory: "lazy" });
    const schedule = parse("9>1 40>0");
    const first = structuredClone(world.replay(schedule));
    assert.deepEqual(world.replay(schedule), first);
    assert.equal(print(first.taken), "9>1 40>0");
  });
});
