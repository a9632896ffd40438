// What the other scripts ask of the workspace: where its root is, which files it has, how to run a command.

import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The folders of the packages, relative to the root. */
export function packageFolders() {
  const folders = readdirSync(join(root, "packages")).map((name) => join("packages", name));
  return [...folders, "bench", "hosts", "stress", "tools"].filter((folder) =>
    isFile(join(root, folder, "package.json")),
  );
}

/** Every file below a folder, relative to it, in a stable order; none when there is no such folder. */
export function filesBelow(folder) {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesBelow(join(folder, entry.name)).map((path) => join(entry.name, path))
        : [entry.name],
    )
    .sort();
}

export function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Runs a command at the root with our own standard streams and returns its exit code; a signal counts as 1. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** Runs a command that must succeed and returns what it printed. */
export function output(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26, ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} failed (${result.status}):\n${result.stdout}${result.stderr}`,
    );
  }
  return result.stdout;
}
