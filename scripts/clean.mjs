// Removes everything that a build or a test run made, left-overs of deleted sources included.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { packageFolders, root } from "./workspace.mjs";

for (const folder of packageFolders()) {
  for (const made of ["dist", "dist-test"])
    rmSync(join(root, folder, made), { recursive: true, force: true });
}
rmSync(join(root, "coverage"), { recursive: true, force: true });
