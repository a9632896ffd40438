// Runs the compiled tests of all packages:
//
//   npm test                        all
//   npm test -- slab house          those whose path contains one of the words
//   npm test -- --without stress    all but those; may be repeated
//   npm test -- --engine js         with the core's JavaScript where WebAssembly would serve
//   npm test -- --coverage          with coverage and its floor, which stands in .c8rc.json; the schedules run behind
//                                   that, without it: what only they reach has no ordinary test
//
// The list comes from the sources: a left-over of a deleted test never runs, and one that was not built is an
// error. The files are listed one by one, because a folder or a glob means something else to each Node version.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { filesBelow, isFile, packageFolders, root, run } from "./workspace.mjs";

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    coverage: { type: "boolean", default: false },
    engine: { type: "string", default: "wasm" },
    without: { type: "string", multiple: true, default: [] },
  },
});

const tests = packageFolders().flatMap((folder) =>
  filesBelow(join(root, folder, "test"))
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => join(folder, "dist-test", path.replace(/\.ts$/, ".js"))),
);
const chosen = tests
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  .filter((path) => !values.without.some((word) => path.includes(word)));
const notBuilt = chosen.filter((path) => !isFile(join(root, path)));

if (notBuilt.length > 0) {
  console.error(`Not built (npm run build): ${notBuilt.join(", ")}`);
  process.exit(1);
}
if (chosen.length === 0) {
  console.error(`No test file of ${tests.length} matches.`);
  process.exit(1);
}

const runner = [
  process.execPath,
  "--test",
  "--test-reporter=spec",
  `--test-concurrency=${availableParallelism()}`,
  "--test-timeout=1200000",
];
// Modules that hold nothing but types never run; c8 would count every line of them as missed.
const typesOnly = packageFolders()
  .flatMap((folder) => filesBelow(join(root, folder, "dist")).map((path) => join(folder, "dist", path)))
  .filter(
    (path) => path.endsWith(".js") && /^(\/\/.*\n)*export \{\};/.test(readFileSync(join(root, path), "utf8")),
  );
// The files of the core run as the one that is made of them.
const coreParts = "packages/offheap/dist/core/!(built)/**";
// The core once more, with asserts, for the explorer: what is shipped is instance.js.
const asserting = "packages/offheap/dist/core/built/asserting.js";
const excluded = [
  "**/*.d.ts",
  coreParts,
  asserting,
  "packages/offheap/dist/core/index.js",
  ...typesOnly,
].flatMap((path) => ["--exclude", path]);
const c8 = [process.execPath, "node_modules/c8/bin/c8.js", ...excluded];
const isSchedules = (path) => path.includes("interleave");
const runs = values.coverage
  ? [
      { how: [...c8, ...runner], files: chosen.filter((path) => !isSchedules(path)) },
      { how: runner, files: chosen.filter(isSchedules) },
    ]
  : [{ how: runner, files: chosen }];
if (values.engine === "js") {
  const preload = pathToFileURL(join(root, "packages/offheap/dist-test/support/use-js.js"));
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --import=${preload}`.trim();
}
console.log(`${chosen.length} of ${tests.length} test files on Node ${process.version}`);
for (const { how, files } of runs) {
  if (files.length === 0) continue;
  const [command, ...args] = [...how, ...files];
  const code = run(command, args);
  if (code !== 0) process.exit(code);
}
