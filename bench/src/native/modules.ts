/** Programs compiled to WebAssembly, each over an allocator of its own or over malloc imported from a pool. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { benchFolder } from "../workloads/workload.ts";
import type { Compiled } from "./compile.ts";

const folder = `${benchFolder}wasm/`;
const sources = [`${folder}stream.c`, `${benchFolder}../packages/offheap/test/wasm/churn.c`];
const headers = `${benchFolder}../packages/offheap/test/wasm/c.h`;
const MEMORY_BYTES = 2000 * 2 ** 20; // reserved; committed on touch
/** Static data and stack of a module stand below; the pool's heap begins here. */
export const HEAP_AT = 2 ** 18;

export const modulePeers = {
  "c-offheap": "C over malloc imported from a MemoryPool",
  "c-dlmalloc": "C with dlmalloc (emscripten)",
  "c-emmalloc": "C with emmalloc (emscripten)",
  "as-offheap": "AssemblyScript over malloc imported from a MemoryPool",
  "as-tlsf": "AssemblyScript with its own rt/tlsf",
} as const;
export type ModuleId = keyof typeof modulePeers;

export function modulePath(id: ModuleId): string {
  return `${folder}build/${id}.wasm`;
}

const newestSource = (): number =>
  Math.max(...[...sources, headers, `${folder}stream.ts`].map((path) => statSync(path).mtimeMs));

/** Compiles beside and renames, so that two runs at once do no harm to each other. */
function made(id: ModuleId, program: string, args: readonly string[], absent: string): Compiled {
  const path = modulePath(id);
  if (existsSync(path) && statSync(path).mtimeMs > newestSource()) return { path };
  const beside = `${path}.${process.pid}.wasm`;
  mkdirSync(`${folder}build`, { recursive: true });
  const { error, status, stdout, stderr } = spawnSync(program, [...args, "-o", beside], { encoding: "utf8" });
  if (error) return { missing: absent };
  if (status !== 0) return { missing: `${program}: ${(stderr || stdout).trim().split("\n")[0]}` };
  renameSync(beside, path);
  return { path };
}

function clang(id: ModuleId): Compiled {
  const linking = [
    "--no-entry",
    "--allow-undefined",
    "--import-memory",
    "--shared-memory",
    "--max-memory=4294967296",
  ];
  const machine = ["--target=wasm32", "-nostdlib", "-matomics", "-mbulk-memory"];
  const args = ["-O3", ...machine, `-Wl,${linking.join(",")}`, ...sources];
  return made(id, "clang", args, "clang not found: apt-get install --no-install-recommends clang lld");
}

function emscripten(id: ModuleId, malloc: string): Compiled {
  const settings = [`MALLOC=${malloc}`, "STANDALONE_WASM", `INITIAL_MEMORY=${MEMORY_BYTES}`];
  const flags = settings.map((setting) => `-s${setting}`);
  const args = ["-O3", "-mbulk-memory", "--no-entry", ...flags, ...sources];
  return made(id, "emcc", args, "emcc not found: apt-get install --no-install-recommends emscripten");
}

function assemblyscript(id: ModuleId, runtime: string, memory: readonly string[]): Compiled {
  const asc = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
  const args = [asc, `${folder}stream.ts`, "-O3", "--runtime", runtime, "--importMemory", ...memory];
  return made(id, process.execPath, args, "no Node");
}

export function compileModule(id: ModuleId): Compiled {
  switch (id) {
    case "c-offheap":
      return clang(id);
    case "c-dlmalloc":
      return emscripten(id, "dlmalloc");
    case "c-emmalloc":
      return emscripten(id, "emmalloc");
    case "as-offheap": {
      const shared = ["--sharedMemory", "--enable", "threads"];
      return assemblyscript(id, "stub", [...shared, "--initialMemory", "1", "--maximumMemory", "65536"]);
    }
    case "as-tlsf": {
      const maximum = ["--maximumMemory", String(MEMORY_BYTES / 65_536)];
      return assemblyscript(id, "minimal", ["--initialMemory", "1", ...maximum]);
    }
  }
}
