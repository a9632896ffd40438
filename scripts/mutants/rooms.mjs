// Where a function of the core stands: no two files of the core have the same name for one.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, root } from "../workspace.mjs";

const core = join(root, "packages", "offheap", "core");

const rooms = readdirSync(core, { withFileTypes: true }).filter((entry) => entry.isDirectory());

const fileOf = new Map(
  rooms.flatMap(({ name: room }) =>
    filesBelow(join(core, room)).flatMap((file) =>
      [...readFileSync(join(core, room, file), "utf8").matchAll(/^(?:export )?function (\w+)/gm)].map(
        ([, name]) => [name, `${room}/${file}`],
      ),
    ),
  ),
);

/** The room and file of a function of the core, `map/walk.ts`. */
export function placeInCore(where) {
  return fileOf.get(where);
}
