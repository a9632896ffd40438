// A map of 1,024 buckets that uses half of them from now on. By their hashes the keys 27 and 3843 stand in bucket 971, and 258 and 867
// in its parent, 459, right before that. Bucket 971 is one of the last step that closes the second piece of heads. Of the first step
// are 512, where 85 stands, and 518, with 439.

import type { Address } from "#src/base/brands.js";
import { bucketsPerPiece } from "#src/layout/index.js";
import type { Kit } from "#src/structure/kit.js";
import { kitOf } from "../../support/kits.ts";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Scenario, Step } from "../../support/stepping/scenario.ts";
import { headStampKnown, WordMap } from "../../support/word-map.ts";
import { cleanUp } from "./common.ts";
import { get, grow, mapOf, mimic, onMap, recall, remove, set } from "./maps.ts";

const logOfAll = 10;
const lastStep = 960;
const pieceBytes = 4096;
/** Steps that close the two pieces there are, and pass all others that there may be. */
const mostSteps = 100;

const halve: Step<number> = (actor, at) => mapOf(actor.slab, at).halve();
const shrink: Step<number> = (actor, at) => {
  mapOf(actor.slab, at).shrink();
};
/** Says what is left where nobody could close it. */
const closeAll = (map: WordMap): string | undefined => {
  for (let left = mostSteps; left > 0 && map.closing !== 0; left--) map.shrink();
  return map.closing === 0 ? undefined : `bucket ${map.closing} cannot be closed`;
};

type Setup = (map: WordMap) => void;

/** All but the last step of the closing is done. */
const almost: Setup = (map) => {
  map.halve();
  for (let left = mostSteps; left > 0 && map.closing !== lastStep; left--) map.shrink();
};

/** As a death behind the exchange of a piece's cell has left it: the closing is in the middle of a piece that is new. */
const inNewPiece: Setup = (map) => {
  almost(map);
  closeAll(map);
  map.grow();
  map.put(85, 6);
  map.halve();
  map.closeFrom(lastStep);
};

function farMap({ slab }: Actor, initial: readonly (readonly [number, number])[], prepare: Setup): number {
  const at = WordMap.create(kitOf(slab));
  const map = mapOf(slab, at);
  for (let i = 0; i < logOfAll; i++) map.grow();
  for (const [key, value] of initial) map.put(key, value);
  prepare(map);
  return at;
}

function onFarMap(
  name: string,
  initial: readonly (readonly [number, number])[],
  programs: Scenario<number>["programs"],
  prepare: Setup,
  { finish: isWrong, ...more }: Partial<Scenario<number>> = {},
): Scenario<number> {
  const scenario = onMap(name, initial, programs, more);
  return {
    ...scenario,
    setup: ([first]) => farMap(first as Actor, initial, prepare),
    finish: (slabs, actors, at) => {
      const wrong = isWrong?.(slabs, actors, at);
      if (wrong !== undefined) return wrong;
      for (const slab of slabs) kitOf(slab).core.letGoEntry();
      const [first] = slabs;
      const stuck = first === undefined ? undefined : closeAll(mapOf(first, at));
      return stuck ?? scenario.finish?.(slabs, actors, at);
    },
  };
}

/** Objects as large as a piece, whose words are as the cell of the head before a key; then none again. */
const mimicPiece =
  (key: number): Step<number> =>
  ({ slab }) => {
    const kit = kitOf(slab);
    const objects: Address[] = [];
    for (let i = 0; i < 2; i++) {
      const address = kit.tryAllocate(pieceBytes);
      if (address === 0) break;
      for (let word = 4; word < pieceBytes; word += 8) kit.core.putWord(address + word, headStampKnown(key));
      kit.keep();
      objects.push(address as Address);
    }
    for (const address of objects) slab.deallocate(address);
  };

const both = [
  [258, 9],
  [27, 8],
] as const;

export const closedGetSet = onFarMap(
  "a bucket closed, against get and set in it",
  both,
  [[shrink], [get(27), set(27, 20)]],
  almost,
);
export const closedDelete = onFarMap(
  "a bucket closed, against delete and set in it",
  both,
  [[shrink], [remove(27), set(3843, 30)]],
  almost,
);
export const closedBefore = onFarMap(
  "a bucket closed, against delete and set right before it",
  both,
  [[shrink], [remove(258), set(867, 30)]],
  almost,
);
export const closedTwice = onFarMap("a bucket closed by two", both, [[shrink], [shrink, get(27)]], almost);
export const closedGrown = onFarMap(
  "a bucket closed, against a map that grows again",
  both,
  [[shrink], [grow, set(27, 20), get(258)]],
  almost,
);
export const openedClosed = onFarMap(
  "a bucket opened, against its piece closed",
  [[85, 9]],
  [[set(439, 20)], [halve, shrink, shrink]],
  () => {},
);
/** No other bucket of the piece is open: all steps but the first and the last may be left out. */
const toLastStep: Step<number> = (actor, at) => mapOf(actor.slab, at).closeFrom(lastStep);
export const recallClosed = onFarMap(
  "known, against its bucket closed, and objects in the places of head and entry that look like them",
  both,
  [
    [recall(27), get(27), recall(27)],
    [halve, shrink, toLastStep, shrink, cleanUp, remove(27), cleanUp, mimic(27), mimicPiece(27)],
  ],
  () => {},
  { isDeathless: true, isLarge: true },
);
export const closedNew = onFarMap(
  "a closing in the middle of a new piece, against get and set",
  [...both, [85, 6]],
  [
    [shrink, shrink, shrink],
    [get(85), set(439, 20)],
  ],
  inNewPiece,
);

/** Of each worker, the object that has the memory of a piece. */
const reusedBy = new WeakMap<Kit, Address>();
/** The first head of the last step, and what says of one that it is in the list. */
const headAt = (lastStep % bucketsPerPiece) * 8;
const headLike = 8;
const reusePiece: Step<number> = ({ slab }) => {
  const kit = kitOf(slab);
  const address = kit.tryAllocate(pieceBytes);
  if (address === 0) return;
  kit.core.putWord(address + headAt, headLike);
  kit.keep();
  reusedBy.set(kit, address as Address);
};
export const closedReused = onFarMap(
  "a bucket closed by two, the second of which puts an object in its place",
  both,
  [[shrink], [shrink, cleanUp, reusePiece]],
  almost,
  {
    isDeathless: true,
    finish: (_, actors) => {
      for (const { slab } of actors) {
        const kit = kitOf(slab);
        const address = reusedBy.get(kit);
        if (address === undefined) continue;
        reusedBy.delete(kit);
        const word = kit.core.getWord(address + headAt);
        kit.end(address);
        if (word !== headLike) return `an object was taken for a piece: ${word}`;
      }
      return undefined;
    },
  },
);
