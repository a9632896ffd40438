// Where a function of the core stands: no two files of the core have the same name for one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, root } from "../workspace.mjs";

const core = join(root, "packages", "offheap", "core");

const fileOf = new Map(
  ["structure", "ring", "buckets", "packed", "map"].flatMap((room) =>
    filesBelow(join(core, room)).flatMap((file) =>
      [...readFileSync(join(core, room, file), "utf8").matchAll(/^(?:export )?function (\w+)/gm)].map(
        ([, name]) => [name, `${room}/${file}`],
      ),
    ),
  ),
);

/** The room and file of a function of structures in the core, `map/walk.ts`; undefined for all others. */
export function placeInCore(where) {
  return fileOf.get(where);
}
