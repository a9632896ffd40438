// Packs what is published and looks at the tarballs: what is in them, what publint and attw say of them.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "./pack.mjs";
import { isFile, root, run } from "./workspace.mjs";

const expected = {
  "packages/offheap": [
    "LICENSE",
    "README.md",
    "dist/src/index.js",
    "dist/src/index.js.map",
    "dist/src/index.d.ts",
    "dist/src/os/index.js",
    "dist/src/os/index.d.ts",
    "dist/index.js",
    "dist/os/index.js",
    "dist/records/index.js",
    "dist/records/index.d.ts",
    "dist/core/built/instance.js",
    "dist/core/built/module.js",
    "src/index.ts",
    "core/index.ts",
  ],
  "packages/cli": ["LICENSE", "bin/offheap.js", "dist/main.js"],
};
const publint = join(root, "node_modules/publint/src/cli.js");
const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");

const folder = mkdtempSync(join(tmpdir(), "offheap-pack-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

let failed = 0;
for (const [packageFolder, paths] of Object.entries(expected)) {
  const { tarball, files } = pack(packageFolder, folder);
  const offences = contentOffences(packageFolder, paths, files);
  for (const offence of offences) console.error(`${packageFolder}: ${offence}`);
  failed += offences.length;
  failed += run(process.execPath, [publint, "run", tarball, "--strict"]);
  failed += run(process.execPath, [
    attw,
    tarball,
    "--ignore-rules",
    "cjs-resolves-to-esm", // there is no CommonJS
    "--no-color",
    "--format",
    "ascii",
  ]);
}
process.exit(failed === 0 ? 0 : 1);

/** By scripts/core.mjs. */
function isMade(path) {
  return path.startsWith("dist/core/built/") || /^dist\/((os|records)\/)?index\.(js|d\.ts)$/.test(path);
}

function contentOffences(packageFolder, expectedPaths, files) {
  const source = (path) =>
    path
      .replace(/^dist\/(?!src\/|core\/)/, "src/")
      .replace(/^dist\//, "")
      .replace(/\.(d\.ts|js|js\.map)$/, ".ts");
  const here = (path) => readFileSync(join(root, packageFolder, path), "utf8");
  const licensed = here("LICENSE") === readFileSync(join(root, "LICENSE"), "utf8");
  return [
    ...expectedPaths.filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
    ...files
      .filter((path) => path.startsWith("dist/") && !isMade(path))
      .filter((path) => !isFile(join(root, packageFolder, source(path))))
      .map((path) => `${path} is left over from a source that is gone (npm run rebuild)`),
    ...files
      .filter((path) => /^(test|dist-test|consumer)\/|tsbuildinfo|tsconfig/.test(path))
      .map((path) => `${path} should not be in it`),
    ...(licensed ? [] : ["LICENSE is not the repository's"]),
  ];
}
