// Structures of large objects: a cell whose object, a page run or a span of its own, is replaced and taken out. Whoever dies
// when, what is in the cell is live, and all that was ever in it, or was to be, has ended.

import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { Address } from "#src/base/brands.js";
import { AllocatorError } from "#src/base/errors.js";
import { kitOf } from "../../support/kits.ts";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { cleanUp } from "./common.ts";
import { pool, runBytes } from "./runs.ts";

const spanBytes = 2 * 65_536;
const geometry = { ...pool, chunks: 6, keepsData: true } as const;

/** Exchanges what is in the cell; false where nothing was, and nothing is to come. */
function exchangeIn(slab: SlabAllocator, cell: number, next: number): boolean {
  const kit = kitOf(slab);
  for (;;) {
    const old = kit.core.seeCell(cell);
    const stamp = kit.core.stampSeen();
    if (old === 0 && next === 0) return false;
    if (kit.exchange(cell, old, stamp, next, old)) break;
  }
  kit.retire();
  return true;
}

const replace =
  (bytes: number): Step<number> =>
  (actor, cell) => {
    let fresh: number;
    try {
      fresh = kitOf(actor.slab).allocate(bytes);
    } catch (error) {
      // Another worker holds the span just now.
      if (error instanceof AllocatorError && error.code === "ERR_OUT_OF_MEMORY") return;
      throw error;
    }
    exchangeIn(actor.slab, cell, fresh);
  };

const takeOut: Step<number> = (actor, cell) => {
  if (!exchangeIn(actor.slab, cell, 0)) kitOf(actor.slab).abandon();
};

const read: Step<number> = (actor, cell) => {
  const { core } = kitOf(actor.slab);
  const address = core.protect(0, cell);
  if (address !== 0 && core.ownerIn(core.ownerAt(address)) === 0)
    throw new Error(`${address} ended while it is read`);
  core.unprotect(0);
};

function onCell(name: string, bytes: number, programs: Scenario<number>["programs"]): Scenario<number> {
  return {
    name: `large objects of a structure: ${name}`,
    geometry,
    mayRunOut: true,
    setup: ([first]) => {
      const { slab } = first as Actor;
      const kit = kitOf(slab);
      const cell = kit.allocate(64);
      kit.core.putWord(cell, 0);
      kit.core.putWord(cell + 4, 0);
      kit.keep();
      exchangeIn(slab, cell, kit.allocate(bytes));
      return cell;
    },
    programs,
    finish: (slabs, _actors, cell) => {
      const [slab] = slabs as [SlabAllocator];
      // An exception leaves what a worker was reading protected, until it reads again.
      for (const each of slabs) kitOf(each).core.unprotect(0);
      const { core } = kitOf(slab);
      const last = core.seeCell(cell);
      const owner = last === 0 ? undefined : core.ownerIn(core.ownerAt(last));
      exchangeIn(slab, cell, 0);
      kitOf(slab).end(cell as Address);
      return owner === 0 ? `${last} is in the cell, and is no live object` : undefined;
    },
  };
}

export const largeStructures: readonly Scenario<number>[] = [
  onCell("a page run replaced by another, against taken out", runBytes, [
    [replace(runBytes), cleanUp],
    [takeOut, cleanUp],
  ]),
  onCell("a span replaced by a page run, against a reader", spanBytes, [
    [replace(runBytes), cleanUp],
    [read],
  ]),
  onCell("a page run replaced by a span, against another", runBytes, [
    [replace(spanBytes), cleanUp],
    [replace(runBytes)],
  ]),
];
