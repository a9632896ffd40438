// The repository on disk, as the house test reads it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, type SourceFile } from "./source-file.ts";

// Compiled to packages/offheap/dist-test/house/, which lies as deep as its source.
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const made = new Set(["node_modules", "dist", "dist-test", "coverage", ".git"]);

export function exists(path: string): boolean {
  return existsSync(posix.join(root, path));
}

export function read(path: string): string {
  return readFileSync(posix.join(root, path), "utf8");
}

/** Every file below a folder that nobody generated, relative to the root; "" is the whole repository. */
export function filesBelow(folder: string): string[] {
  if (!exists(folder)) return [];
  return readdirSync(posix.join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !made.has(name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

/** TypeScript below some folders; what a folder `wasm` holds is AssemblyScript, and what ends in .asc.ts. */
export function parseBelow(...folders: string[]): SourceFile[] {
  return folders
    .flatMap(filesBelow)
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".asc.ts") && !path.includes("/wasm/"))
    .map((path) => parse(path, read(path)));
}
