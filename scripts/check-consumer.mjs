// Packs the library, unpacks it where somebody else would have it, and compiles packages/offheap/consumer against it:
// by the oldest TypeScript that the README names, by later ones and by our own; for each way to find modules; without
// Node's types and the DOM library, with `Disposable`, with the DOM library, with Node's types. The last is run, too.
// The consumer must use every name that the library exports.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@babel/parser";
import { installLibrary } from "./pack.mjs";
import { output, root, run } from "./workspace.mjs";

const folder = mkdtempSync(join(tmpdir(), "offheap-consumer-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

cpSync(join(root, "packages/offheap/consumer"), folder, { recursive: true });
writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
const installed = installLibrary(folder);
for (const types of ["@types/node", "undici-types"]) {
  cpSync(join(root, "node_modules", types), join(folder, "node_modules", types), { recursive: true });
}

const entries = {
  offheap: "dist/src/index.d.ts",
  "offheap/os": "dist/src/os/index.d.ts",
  "offheap/records": "dist/src/records/index.d.ts",
  "offheap/process": "dist/src/process/index.d.ts",
  "offheap/map": "dist/src/map/public.d.ts",
  "offheap/cache": "dist/src/cache/index.d.ts",
  "offheap/keyv": "dist/src/keyv/index.d.ts",
  "offheap/ring": "dist/src/ring/index.d.ts",
};
for (const [entry, declarations] of Object.entries(entries)) {
  const used = consumerImports(entry);
  const unused = exportedNames(declarations).filter((name) => !used.includes(name));
  if (unused.length > 0) fail(`The consumer does not use ${unused.join(", ")} of ${entry}.`);
}

// The compilers have a lockfile of their own: in ours, each of them would be `tsc`.
output("npm", ["ci", "--no-audit", "--no-fund", "--prefix", "compilers"], { cwd: folder });

const variants = {
  bare: { lib: ["es2022"], files: ["consumer.ts"] },
  disposable: { lib: ["es2022", "esnext.disposable"], files: ["consumer.ts", "using.ts"], since: 5.2 },
  dom: { lib: ["es2022", "dom"], files: ["consumer.ts", "dom.ts"] },
  node: { lib: ["es2022"], types: ["node"], files: ["consumer.ts", "node.ts"], since: 5.2 }, // as Node's types say
};
const resolutions = {
  node10: { module: "esnext", until: 6 },
  node16: { module: "node16" },
  bundler: { module: "esnext" },
};
const compilers = Object.keys(
  JSON.parse(readFileSync(join(folder, "compilers/package.json"), "utf8")).devDependencies,
).map((name) => join(folder, "compilers/node_modules", name));
for (const compiler of [...compilers, join(root, "node_modules/typescript")]) {
  const { version } = JSON.parse(readFileSync(join(compiler, "package.json"), "utf8"));
  for (const resolution of Object.entries(resolutions)) {
    for (const variant of Object.entries(variants)) compile(compiler, version, resolution, variant);
  }
}
if (run(process.execPath, ["out/node.js"], { cwd: folder }) !== 0) fail("The compiled consumer fails.");

function compile(
  compiler,
  version,
  [resolution, { module, until = Infinity }],
  [variant, { files, since = 0, ...options }],
) {
  const release = Number.parseFloat(version);
  if (release < since || release > until) return;
  const compilerOptions = { module, moduleResolution: resolution, ...options };
  if (resolution === "node10" && release >= 6) compilerOptions.ignoreDeprecations = "6.0";
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "./tsconfig.base.json", compilerOptions, files }),
  );
  const name = `TypeScript ${version}, ${resolution}, ${variant}`;
  if (run(process.execPath, [join(compiler, "bin/tsc")], { cwd: folder }) !== 0)
    fail(`The consumer does not compile against the packed library (${name}).`);
  console.log(`consumer: compiles (${name})`);
}

function exportedNames(declarations) {
  return statements(join(installed, declarations))
    .filter(({ type }) => type === "ExportNamedDeclaration" || type === "ExportAllDeclaration")
    .flatMap(({ specifiers, declaration, source }) => {
      if (declaration) return [declaration.id.name];
      if (specifiers?.length === 0 && !source) return [];
      return specifiers?.map(({ exported }) => exported.name) ?? ["export *, which names nothing"];
    });
}

function consumerImports(entry) {
  return statements(join(folder, "consumer.ts"))
    .filter(({ type, source }) => type === "ImportDeclaration" && source.value === entry)
    .flatMap(({ specifiers }) => specifiers.map(({ imported }) => imported.name));
}

function statements(path) {
  return parse(readFileSync(path, "utf8"), { sourceType: "module", plugins: ["typescript"] }).program.body;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
