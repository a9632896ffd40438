// A folder as a user of the library would have it: the packed library in node_modules, the scenarios as an
// application beside it, and bundles of the library.
//
//   node_modules/offheap   unpacked from the tarball; in it koffi, which nothing else finds
//   app/                   hosts/dist, and list.js: the bytes of a WebAssembly module
//   bundle/offheap.mjs     one module · bundle/offheap.js   a classic script that sets the global `offheap`
//   bundle/process.mjs     offheap/process and offheap/ring

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { installLibrary } from "../pack.mjs";
import { output, root } from "../workspace.mjs";
import { bundle } from "./bundle.mjs";

const scripts = {
  // A worker that is a classic script cannot import; messages that come before it listens would be lost, but
  // a worker is sent its first one only when it says that it is ready.
  "classic-worker.js": 'importScripts("/bundle/offheap.js");\nimport("/app/web-worker.js");\n',
  "package.json": '{ "type": "module", "private": true, "dependencies": { "offheap": "*" } }\n',
  "import-map.json": JSON.stringify({
    imports: {
      offheap: "./node_modules/offheap/dist/index.js",
      "offheap/os": "./node_modules/offheap/dist/os/index.js",
      "offheap/process": "./node_modules/offheap/dist/process/index.js",
      "offheap/ring": "./node_modules/offheap/dist/ring/index.js",
    },
  }),
};

export async function stage(folder) {
  const library = installLibrary(folder);
  installKoffi(library);
  cpSync(join(root, "hosts/dist"), join(folder, "app"), { recursive: true });
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(folder, name), text);
  const bytes = compileModule(folder);
  writeFileSync(join(folder, "app/list.js"), `export const bytes = new Uint8Array([${[...bytes]}]);\n`);
  mkdirSync(join(folder, "bundle"));
  const entry = join(library, "dist/index.js");
  await bundle(`export * from ${JSON.stringify(entry)}`, {
    format: "esm",
    file: join(folder, "bundle/offheap.mjs"),
  });
  const [processes, ring] = ["process", "ring"].map((name) =>
    JSON.stringify(join(library, `dist/${name}/index.js`)),
  );
  await bundle(`export * from ${processes}; export * from ${ring}`, {
    format: "esm",
    file: join(folder, "bundle/process.mjs"),
  });
  await bundle(`export * from ${JSON.stringify(entry)}`, {
    format: "iife",
    file: join(folder, "bundle/offheap.js"),
  });
}

/** As `npm install koffi` would leave it. */
function installKoffi(library) {
  const modules = join(root, "node_modules");
  const builds = readdirSync(join(modules, "@koromix")).map((build) => `@koromix/${build}`);
  for (const name of ["koffi", ...builds])
    cpSync(join(modules, name), join(library, "node_modules", name), { recursive: true });
}

/** hosts/wasm/list.ts by AssemblyScript, over a shared memory that it imports. */
function compileModule(folder) {
  const asc = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
  const file = join(folder, "list.wasm");
  output(process.execPath, [
    ...[asc, join(root, "hosts/wasm/list.ts"), "--outFile", file, "-O3", "--runtime", "stub"],
    ...["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
    ...["--enable", "threads", "--enable", "bulk-memory"],
  ]);
  return readFileSync(file);
}
