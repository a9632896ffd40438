/** Allocators compiled to WebAssembly: AssemblyScript's by its npm package, C ones by emscripten where installed. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { benchFolder } from "../workloads/workload.ts";
import type { Compiled } from "./compile.ts";

const folder = `${benchFolder}wasm/`;
const MEMORY_BYTES = 2000 * 2 ** 20; // reserved; committed on touch

/** Where the module of a peer stands once `compileWasm` has made it. */
export function wasmPath(id: string): string {
  return `${folder}build/${id}.wasm`;
}

function assemblyscript(outFile: string): Compiled {
  const runtime = ["--runtime", "minimal", "-O3"]; // minimal: the allocator without the collector
  const memory = ["--importMemory", "--initialMemory", "1", "--maximumMemory", String(MEMORY_BYTES / 65_536)];
  const asc = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
  const args = [asc, `${folder}tlsf.ts`, "--outFile", outFile, ...runtime, ...memory];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return status === 0 ? { path: outFile } : { missing: `AssemblyScript: ${stderr.trim().split("\n")[0]}` };
}

function emscripten(kind: string, outFile: string): Compiled {
  const settings = [`MALLOC=${kind}`, "STANDALONE_WASM", "EXPORTED_FUNCTIONS=_malloc,_free"];
  const flags = [...settings, `INITIAL_MEMORY=${MEMORY_BYTES}`].map((setting) => `-s${setting}`);
  const args = ["-O3", "--no-entry", ...flags, "-o", outFile, `${folder}malloc.c`];
  const result = spawnSync("emcc", args, { encoding: "utf8" });
  if (result.error) return { missing: "emcc not found: apt-get install --no-install-recommends emscripten" };
  return result.status === 0 ? { path: outFile } : { missing: `emcc: ${result.stderr.split("\n")[0]}` };
}

export const wasmPeerIds = ["assemblyscript", "dlmalloc", "emmalloc"] as const;

export function compileWasm(id: (typeof wasmPeerIds)[number]): Compiled {
  const path = wasmPath(id);
  if (existsSync(path)) return { path };
  mkdirSync(`${folder}build`, { recursive: true });
  return id === "assemblyscript" ? assemblyscript(path) : emscripten(id, path);
}
