// Packs the library and looks at the tarball: what is in it, what publint and attw say of it.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "./pack.mjs";
import { isFile, root, run } from "./workspace.mjs";

const library = join(root, "packages/offheap");
const folder = mkdtempSync(join(tmpdir(), "offheap-pack-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const { tarball, files } = pack(folder);
const offences = [
  ...["LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts"]
    .filter((path) => !files.includes(path))
    .map((path) => `${path} is missing`),
  ...files
    .filter((path) => path.startsWith("dist/") && !isFile(join(library, sourceOf(path))))
    .map((path) => `${path} is left over from a source that is gone (npm run rebuild)`),
  ...files
    .filter((path) => /^(test|dist-test|consumer)\/|tsbuildinfo|tsconfig/.test(path))
    .map((path) => `${path} should not be in it`),
  ...["packages/offheap", "packages/cli"]
    .filter((path) => read(`${path}/LICENSE`) !== read("LICENSE"))
    .map((path) => `${path}/LICENSE is not the repository's`),
];
for (const offence of offences) console.error(`package: ${offence}`);

const tool = (path) => [process.execPath, join(root, "node_modules", path)];
const [node, publint] = tool("publint/src/cli.js");
const [, attw] = tool("@arethetypeswrong/cli/dist/index.js");
const codes = [
  offences.length,
  run(node, [publint, "run", tarball, "--strict"]),
  run(node, [attw, tarball, "--profile", "esm-only"]),
];
process.exit(codes.every((code) => code === 0) ? 0 : 1);

function sourceOf(path) {
  return path.replace(/^dist\//, "src/").replace(/\.(d\.ts|js|js\.map)$/, ".ts");
}

function read(path) {
  return readFileSync(join(root, path), "utf8");
}
