// The pages: what they name exists, and their sentences end. Each rule is first shown a bad example of itself.

import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, it } from "node:test";
import { declaredMembers, declaredNames, hostNames } from "./house/names.ts";
import { type Known, longSentences, namedIn, unknownNames } from "./house/prose.ts";
import { filesBelow, parseBelow, read } from "./house/repository.ts";
import { fixture, parse } from "./house/source-file.ts";

/** All but what a benchmark writes. */
const files = filesBelow("").filter((path) => !path.startsWith("bench/results/"));
/** The log of measurements names what there was when they were made, and the changelog what has gone. */
const past = ["docs/measurements.md", "CHANGELOG.md"];
const pages = files.filter((path) => path.endsWith(".md") && !past.includes(path));
/** All pages but the changelog, whose entries list what a change brings. */
const readPages = files.filter((path) => path.endsWith(".md") && path !== "CHANGELOG.md");
const mostWords = 28;
/** Words of the language, and names that are other people's. */
const foreign = [
  ...["new", "enum", "using", "as"],
  ...["Worker", "worker_threads", "wasm-unsafe-eval", "credentialless"],
  ...["tsc", "mtrace", "nil", "prog", "__stack_pointer"],
  ...["transparent_hugepage", "libmimalloc2", "so"],
];
/** What commands write. */
const made = ["bench/results/latest.json"];
const none: string[] = [];

function knownHere(): Known {
  const scripts = files.filter((path) => path.startsWith("scripts/") && path.endsWith(".mjs"));
  const sources = [
    ...parseBelow("packages", "bench", "hosts", "stress").filter(({ path }) => !path.includes("/test/")),
    ...scripts.map((path) => parse(path, read(path))),
  ];
  const folders = sources.flatMap(({ path }) => posix.dirname(path).split("/"));
  const text = sources.map(({ path }) => read(path)).join("\n");
  return {
    files: [...files, ...made],
    scripts: Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts),
    names: new Set([...declaredNames(sources), ...folders, ...hostNames(), ...foreign]),
    members: declaredMembers(sources),
    flags: new Set(text.match(/--[a-z][\w-]*/g)),
  };
}

/** What a made-up page names that is nowhere. */
function missing(text: string, page = "docs/page.md"): string[] {
  const sources = fixture({
    "packages/offheap/src/slab/slabs.ts": `
      export class Slabs extends Home { static make() {} readonly held = 1; claim(index: number, options: Options) {} }
      class Home { stay() {} }
      interface Options { deep: "fully" | "half-way" }
      const plan = { width: 1 } as const;`,
  });
  const known = {
    files: ["packages/offheap/src/slab/slabs.ts", "docs/page.md", "docs/a/twice.md", "docs/b/twice.md"],
    scripts: ["build"],
    names: new Set([...declaredNames(sources), ...hostNames()]),
    members: declaredMembers(sources),
    flags: new Set(["--only"]),
  };
  return unknownNames(namedIn(page, text), known).map((offence) => offence.replace(`${page}:1 names `, ""));
}

describe("what the pages name", () => {
  it("exists", () => {
    assert.ok(pages.includes("docs/ARCHITECTURE.md") && pages.includes("packages/cli/README.md"));
    const known = knownHere();
    assert.deepEqual(
      pages.flatMap((page) => unknownNames(namedIn(page, read(page)), known)),
      none,
    );
  });

  it("is found by path, by a name that one file has, and by what is declared", () => {
    for (const text of [
      "`packages/offheap/src/slab/slabs.ts`, `slab/slabs.ts`, `slabs.ts`, `slab/*.ts`, `slab/`, `page.md`",
      "`Slabs`, `Slabs.make`, `Slabs.claim(index)`, `Slabs.stay`, `plan.width`, `deep: fully`, `half-way`, `claim`",
      "`npm run build -- --only NAME`, `structuredClone`, `fromCharCode`, `n + 2 ** 40`, `65_536`",
      "```\n`gone()`\n```\n\n    `gone()`\n",
    ]) {
      assert.deepEqual(missing(text), none, text);
    }
  });

  it("is seen when it is nowhere", () => {
    for (const [text, name] of [
      ["`slab/gone.ts`", "slab/gone.ts"],
      ["`packages/offheap/slabs.ts`", "packages/offheap/slabs.ts"],
      ["`twice.md`", "twice.md"],
      ["`pool/`", "pool/"],
      ["`gone`", "gone"],
      ["`gone(index)`", "gone"],
      ["`Slabs.gone`", "gone"],
      ["`Slabs.width`", "Slabs.width"],
      ["`plan.held`", "plan.held"],
      ["`npm run gone`", "npm run gone"],
      ["`npm run build -- --gone`", "--gone"],
      ["`ERR_GONE`", "ERR_GONE"],
      ["`half-gone`", "half-gone"],
    ] as const) {
      assert.deepEqual(missing(text), [name], text);
    }
    assert.equal(namedIn("a.md", "\n\n`gone`")[0]?.line, 3);
  });
});

describe("sentences of the pages", () => {
  it("have at most 28 words", () => {
    for (const page of [
      "README.md",
      "SECURITY.md",
      "bench/README.md",
      "docs/measurements.md",
      "docs/proof.md",
    ])
      assert.ok(readPages.includes(page), page);
    assert.deepEqual(
      readPages.flatMap((page) => longSentences(page, read(page), mostWords)),
      none,
    );
  });

  it("are seen when they have more", () => {
    const words = (count: number) => "word ".repeat(count).trim();
    const countIn = (text: string) => longSentences("a.md", text, mostWords).length;
    for (const text of [
      `${words(28)}. ${words(28)}.`,
      `- ${words(20)}\n- ${words(20)}`,
      `${words(20)}\n\n${words(20)}`,
      `| ${words(20)} | ${words(20)} |\n| ${words(20)} |`,
      `${words(27)} \`${words(20)}\`.`,
      `\`\`\`\n${words(50)}\n\`\`\``,
    ]) {
      assert.equal(countIn(text), 0, text);
    }
    assert.equal(countIn(`${words(29)}.`), 1);
    assert.equal(countIn(`${words(14)}\n${words(15)}`), 1);
    assert.equal(countIn(`${words(14)}; ${words(8)}: ${words(7)}`), 1);
    assert.equal(countIn(`| ${words(29)} |`), 1);
  });
});
