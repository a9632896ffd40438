// A package as it would be published: one tarball, made from what is built now.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { output, root } from "./workspace.mjs";

/** Packs a package into a folder; the tarball's path and the files in it. */
export function pack(packageFolder, folder) {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const report = JSON.parse(output("npm", args, { cwd: join(root, packageFolder) }));
  const [{ filename, files }] = Object.values(report);
  return { tarball: join(folder, filename), files: files.map(({ path }) => path) };
}

/** Unpacks the packed library into a folder's node_modules; the path it has there. */
export function installLibrary(folder) {
  const { tarball } = pack("packages/offheap", folder);
  const installed = join(folder, "node_modules/offheap");
  mkdirSync(installed, { recursive: true });
  output("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  return installed;
}
