// Builds the core for its targets from packages/offheap/core, into dist/core/built:
//
//   module.js    the WebAssembly of shared and of other memory, as text
//   stepped.wasm the same with every access an import, for tests
//   instance.js  the JavaScript that tsc has made of the same files, as one function: each call makes an instance
//   asserting.js the same with the asserts at its entries, for tests; an instance can begin again
//
// Runs after tsc. What it made stands until a source of the core changes.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { filesBelow, root } from "./workspace.mjs";

const core = join(root, "packages/offheap/core");
const compiled = join(root, "packages/offheap/dist/core");
const built = join(compiled, "built");

const sources = filesBelow(core).filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
const mark = createHash("sha256").update(readFileSync(new URL(import.meta.url)));
for (const path of sources) mark.update(path).update(readFileSync(join(core, path)));
const digest = mark.digest("hex");
const markPath = join(built, "sources.sha256");
const isFresh = existsSync(markPath) && readFileSync(markPath, "utf8") === digest;
mkdirSync(built, { recursive: true });
for (const path of filesBelow(join(core, "built")))
  copyFileSync(join(core, "built", path), join(built, path));
// What a consumer's compiler may see knows nothing of the dialect.
for (const path of filesBelow(compiled).filter((name) => name.endsWith(".d.ts"))) {
  const text = readFileSync(join(compiled, path), "utf8");
  const plain = text.replace(/\bi32\b/g, "number").replace(/\bbool\b/g, "boolean");
  if (plain !== text) writeFileSync(join(compiled, path), plain);
}
// Where import maps and pages without a bundler look for the library: its address from the first version on.
for (const [entry, path] of [
  ["index", "./src/index.js"],
  ["os/index", "../src/os/index.js"],
  ["cache/index", "../src/cache/index.js"],
  ["map/index", "../src/map/public.js"],
  ["process/index", "../src/process/index.js"],
  ["records/index", "../src/records/index.js"],
  ["keyv/index", "../src/keyv/index.js"],
  ["ring/index", "../src/ring/index.js"],
]) {
  const file = join(root, "packages/offheap/dist", entry);
  mkdirSync(join(file, ".."), { recursive: true });
  for (const ending of [".js", ".d.ts"]) writeFileSync(file + ending, `export * from "${path}";\n`);
}
if (!isFresh) {
  writeFileSync(join(built, "instance.js"), withoutAsserts(instanceSource("")));
  writeFileSync(join(built, "asserting.js"), instanceSource("beginAgain"));
  writeFileSync(join(built, "module.js"), moduleSource(await compile("asc")));
  writeFileSync(join(built, "stepped.wasm"), await compile("imported.asc"));
  writeFileSync(markPath, digest);
}

/** The WebAssembly with the verbs of a target, for shared memory. */
async function compile(target) {
  const { default: asc } = await import("assemblyscript/asc");
  let binary;
  const { error, stderr } = await asc.main(
    [
      "index.ts",
      ...["--runtime", "stub", "-O3", "--noAssert", "--importMemory", "--noExportMemory"],
      ...[
        "--enable",
        "threads",
        "--enable",
        "bulk-memory",
        "--initialMemory",
        "1",
        "--maximumMemory",
        "65536",
      ],
      ...["--sharedMemory", "--outFile", "core.wasm"],
    ],
    {
      readFile: (name) => readSource(name, target),
      writeFile: (name, contents) => {
        if (name === "core.wasm") binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null) throw new Error(`the core does not compile:\n${stderr.toString()}`);
  return binary;
}

/** A file of the core as WebAssembly has it: the verbs are its own. */
function readSource(name, target) {
  const paths = [target, "asc"].map((ending) => name.replace(/^(target\/\w+)\.ts$/, `$1.${ending}.ts`));
  const path = join(core, [...paths, name].find((each) => existsSync(join(core, each))) ?? name);
  // asc takes a file whose import names its ending for another one than the file itself.
  return existsSync(path) ? readFileSync(path, "utf8").replace(/( from "[^"]+)\.ts"/g, '$1"') : null;
}

/**
 * The one module serves memory that is not shared, too, once its import asks for such: of at least a page, without a
 * maximum (WebAssembly core specification, sections 5.3.8 and 5.5.5).
 */
function moduleSource(binary) {
  const [importSection, sharedWithMaximum, atLeast, pages, importedMemory] = [2, 3, 0, 1, 2];
  let from = 8;
  while (binary[from] !== importSection) {
    const length = uleb(binary, from + 1);
    from = length.next + length.value;
  }
  const bytes = uleb(binary, from + 1);
  const to = bytes.next + bytes.value;
  // Functions are imported, too; the memory's limits are the last of its entry: flags, at least, at most.
  let at = uleb(binary, bytes.next).next;
  let limits = 0;
  while (at < to) {
    for (const _ of ["module", "name"]) {
      const length = uleb(binary, at);
      at = length.next + length.value;
    }
    const kind = binary[at++];
    if (kind === importedMemory) limits = at;
    at = kind === importedMemory ? uleb(binary, uleb(binary, at + 1).next).next : uleb(binary, at).next;
  }
  const end = uleb(binary, uleb(binary, limits + 1).next).next;
  if (binary[limits] !== sharedWithMaximum) throw new Error("the core imports no shared memory");
  const content = [...binary.slice(bytes.next, limits), atLeast, pages, ...binary.slice(end, to)];
  const local = [importSection, ...ulebOf(content.length), ...content];
  const hex = (bytes) => Buffer.from(bytes).toString("hex");
  return `export const sharedModule =
  "${hex(binary)}";
export const moduleId = "${createHash("sha256").update(binary).digest("hex").slice(0, 16)}";
export const localPatch = { from: ${from}, to: ${to}, bytes: "${hex(local)}" };
`;
}

/** An unsigned number as WebAssembly writes it, seven bits a byte (core specification, section 5.2.2). */
function uleb(binary, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = binary[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return { value, next: at };
  }
}

function ulebOf(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...ulebOf(value >> 7)];
}

/** What the shell hands in is made an integer of 32 bits, as WebAssembly does: addresses above 2 GiB are negative then. */
function asIntegers(parameters) {
  return parameters
    .split(", ")
    .map((name) => `\n    ${name} |= 0;`)
    .join("");
}

/** Each assert stands on a line of its own. */
function withoutAsserts(source) {
  const plain = source
    .replace(/^ *assert\(.*\);\n/gm, "")
    .replace(/^function assert\(condition\) \{\n[^}]*\n\}\n/m, "");
  if (/\bassert\b/.test(plain)) throw new Error("an assert of the core is left in production");
  return plain;
}

/**
 * All files in the order of their imports, within one function; the verbs may be handed in. `again` names a function that
 * makes the instance as it was when it was new.
 */
function instanceSource(again) {
  const ordered = [];
  const visit = (path) => {
    if (ordered.includes(path)) return;
    const text = readFileSync(join(compiled, path), "utf8");
    for (const [, target] of text.matchAll(/ from "(\.[^"]+)"/g))
      visit(posix.join(posix.dirname(path), target));
    ordered.push(path);
  };
  visit("index.js");
  const bodyOf = (path) =>
    readFileSync(join(compiled, path), "utf8")
      .replace(/^(import|export) \{[^}]*\}( from "[^"]+")?;$/gm, "")
      .replace(/^\/\/# sourceMappingURL.*$/m, "")
      .replace(/^export /gm, "");
  const namesIn = (path) =>
    [...readFileSync(join(compiled, path), "utf8").matchAll(/^export (?:function|let|const) (\w+)/gm)].map(
      ([, name]) => name,
    );
  const access = "target/access.js";
  const verbs = namesIn(access);
  // Those that a file keeps to itself, too: in one function all are.
  const declaredIn = (path) =>
    [
      ...readFileSync(join(compiled, path), "utf8").matchAll(/^(?:export )?(?:function|let|const) (\w+)/gm),
    ].map(([, name]) => name);
  const all = ordered.flatMap(declaredIn);
  const twice = all.filter((name, i) => all.indexOf(name) !== i);
  if (twice.length > 0) throw new Error(`two files of the core name ${twice.join(", ")}`);
  const face = [...readFileSync(join(compiled, "index.js"), "utf8").matchAll(/export \{([^}]*)\}/g)]
    .flatMap(([, names]) => names.split(","))
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const rest = ordered
    .filter((path) => path !== access && path !== "index.js")
    .map(bodyOf)
    .join("\n")
    .replace(/^function (\w+)\((.+)\) \{$/gm, (head, name, given) =>
      face.includes(name) ? head + asIntegers(given) : head,
    );
  const atFirst = [...rest.matchAll(/^let (\w+ = [^;]+;)$/gm)].map(([, assignment]) => `\n    ${assignment}`);
  const toAgain = again === "" ? "" : `function ${again}() {${atFirst.join("")}\n}\n`;
  return `// Made of the files of the core by scripts/core.mjs.
export function verbsOver(buffer) {
${bodyOf(access)}
bindMemory(buffer);
return { ${verbs.join(", ")} };
}
export function instanceOver({ ${verbs.filter((name) => !["bindMemory", "bindSlow"].includes(name)).join(", ")} }) {
${rest}
${toAgain}return { ${[...face, again].filter((name) => name !== "").join(", ")} };
}
`;
}
