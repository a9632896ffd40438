// The programs of test/wasm, made into modules. They import their memory and the calls of malloc from "env",
// and their static data lie below `moduleBytes`, where a heap in the same memory may begin.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { WasmMemory } from "#src/memory/kind.js";
import type { MallocImports } from "#src/pool/malloc.js";

/** Static data and stack of the C modules, then those of the AssemblyScript ones. */
export const moduleBytes = 3 * 65_536;
const scriptBase = 2 * 65_536;

const sources = fileURLToPath(new URL("../../test/wasm/", import.meta.url));
const made = fileURLToPath(new URL("../wasm/", import.meta.url));

/** Where a module is, or why there is none. */
export type Made = { readonly path: string } | { readonly missing: string };

const calls = ["malloc", "free", "calloc", "realloc", "reallocarray"].concat([
  "aligned_alloc",
  "memalign",
  "posix_memalign",
  "malloc_usable_size",
]);
const clangFlags = [
  ...["--target=wasm32", "-O2", "-Wall", "-Wextra", "-Werror", "-nostdlib"],
  ...["-matomics", "-mbulk-memory", "-mmutable-globals"],
  // What is tested are the calls: the compiler shall not reason them away.
  ...calls.map((call) => `-fno-builtin-${call}`),
];
const linkerFlags = [
  ...["--no-entry", "--allow-undefined", "--import-memory", "--shared-memory", "--max-memory=4294967296"],
  ...["--export=__stack_pointer", "--export=__heap_base", "-z", "stack-size=65536"],
];

function run(name: string, program: string, args: (out: string) => string[], absent: string): Made {
  const path = join(made, `${name}.wasm`);
  mkdirSync(made, { recursive: true });
  const beside = join(made, `${name}.${process.pid}.wasm`);
  const { error, status, stdout, stderr } = spawnSync(program, args(beside), { encoding: "utf8" });
  if (error) return { missing: absent };
  if (status !== 0) throw new Error(`${name} does not compile: ${stdout}${stderr}`);
  renameSync(beside, path);
  return { path };
}

/** By clang and lld, which may be missing. */
export function compileC(name: string): Made {
  const args = (out: string) => [
    ...clangFlags,
    `-Wl,${linkerFlags.join(",")}`,
    ...["-o", out, join(sources, `${name}.c`)],
  ];
  const { error, stdout } = spawnSync("clang", ["--print-prog-name=wasm-ld"], { encoding: "utf8" });
  const missing = "clang and lld are not there (apt-get install --no-install-recommends clang lld)";
  if (error || spawnSync(stdout.trim(), ["--version"]).error) return { missing };
  return run(name, "clang", args, missing);
}

export function compileAssemblyScript(name: string): Made {
  const require = createRequire(import.meta.url);
  const memory = ["--importMemory", "--sharedMemory", "--initialMemory", "3", "--maximumMemory", "65536"];
  return run(
    name,
    process.execPath,
    (out) => [
      require.resolve("assemblyscript/bin/asc.js"),
      ...[join(sources, `${name}.ts`), "--outFile", out, "-O3", "--runtime", "stub", ...memory],
      ...["--enable", "threads", "--enable", "bulk-memory", "--memoryBase", String(scriptBase)],
    ],
    "no Node",
  );
}

type Call = (...args: number[]) => number;
interface Instance {
  readonly exports: Record<string, Call & { value: number }>;
}
interface WasmNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => Instance;
  readonly RuntimeError: new () => Error;
}
const wasm = (globalThis as unknown as { WebAssembly: WasmNamespace }).WebAssembly;

/** An instance of a module over a memory; its `abort` and its failed checks throw. */
export function instantiate(path: string, memory: WasmMemory, malloc: MallocImports): Instance["exports"] {
  const abort = () => {
    throw new Error("the module aborted");
  };
  const module = new wasm.Module(readFileSync(path));
  return new wasm.Instance(module, { env: { memory, abort, ...malloc } }).exports;
}
