// Packs the library, unpacks it where somebody else would have it, and compiles packages/offheap/consumer against
// it: without Node's types and the DOM library, with the DOM library, and with Node's types. The last is run, too.
// The consumer must use every name that the library exports.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@babel/parser";
import { installLibrary } from "./pack.mjs";
import { root, run } from "./workspace.mjs";

const folder = mkdtempSync(join(tmpdir(), "offheap-consumer-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

cpSync(join(root, "packages/offheap/consumer"), folder, { recursive: true });
writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
const installed = installLibrary(folder);
for (const types of ["@types/node", "undici-types"]) {
  cpSync(join(root, "node_modules", types), join(folder, "node_modules", types), { recursive: true });
}

const entries = { offheap: "dist/index.d.ts", "offheap/os": "dist/os/index.d.ts" };
for (const [entry, declarations] of Object.entries(entries)) {
  const used = consumerImports(entry);
  const unused = exportedNames(declarations).filter((name) => !used.includes(name));
  if (unused.length > 0) fail(`The consumer does not use ${unused.join(", ")} of ${entry}.`);
}

const tsc = join(root, "node_modules/typescript/bin/tsc");
for (const variant of ["bare", "dom", "node"]) {
  if (run(process.execPath, [tsc, "-p", `tsconfig.${variant}.json`], { cwd: folder }) !== 0) {
    fail(`The consumer does not compile against the packed library (${variant}).`);
  }
  console.log(`consumer: compiles (${variant})`);
}
if (run(process.execPath, ["out/node.js"], { cwd: folder }) !== 0) fail("The compiled consumer fails.");

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
