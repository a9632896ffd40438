// The rules of this repository, held by a test. Each rule is first shown a bad example of itself: a rule that
// cannot fail holds nothing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryPointOffences, importCycles } from "./house/imports.ts";
import { brokenLinks } from "./house/links.ts";
import { dependencyOffences, type Lockfile, lockOffences, type Manifest } from "./house/manifest.ts";
import { exists, filesBelow, parseBelow, read } from "./house/repository.ts";
import {
  afterDeathOffences,
  atomicsNamed,
  lengthOffences,
  plainLoadOffences,
  typeOffences,
  unfinishedOffences,
  untoldOffences,
} from "./house/rules.ts";
import { fixture, parse, type SourceFile } from "./house/source-file.ts";

const core = parseBelow("packages/offheap/core").filter(({ path }) => !path.endsWith(".d.ts"));
const library = [...parseBelow("packages/offheap/src"), ...core];
const users = parseBelow("packages/cli", "bench", "hosts", "stress");
const shipped = [...library, ...parseBelow("packages/cli/src", "bench/src", "hosts/src", "stress/src")];
const all = parseBelow("packages", "bench", "hosts", "stress");
const src = "packages/offheap/src";
/** Rooms whose code no death may pass by: all but those that run before there is a heap, or behind it, or know none. */
const unkillable = ["base", "memory", "contents", "os", "process"].map((room) => `${src}/${room}/`);

function one(text: string): SourceFile {
  return parse(`${src}/slab/bad.ts`, text);
}

const none: string[] = [];

describe("the other packages", () => {
  const entryPoints = ["packages/offheap", "packages/cli"].flatMap((folder) => {
    const { name, exports } = JSON.parse(read(`${folder}/package.json`)) as {
      name: string;
      exports: Record<string, unknown>;
    };
    return Object.keys(exports).map((entry) => name + entry.slice(1));
  });

  it("import public entry points only", () => {
    assert.ok(entryPoints.includes("offheap"));
    assert.deepEqual(entryPointOffences(users, entryPoints), none);
  });

  it("are seen when they reach behind one", () => {
    const path = "packages/cli/src/a.ts";
    for (const specifier of [
      "offheap/dist/index.js",
      "../../offheap/src/index.ts",
      "offheap-cli/dist/x.js",
    ]) {
      const [offence, ...more] = entryPointOffences(
        fixture({ [path]: `import "${specifier}";` }),
        entryPoints,
      );
      assert.match(offence ?? "", /no public entry point/, specifier);
      assert.deepEqual(more, none);
    }
    assert.deepEqual(
      entryPointOffences(
        fixture({ [path]: `import "offheap"; import "./b.ts"; import "node:fs";` }),
        entryPoints,
      ),
      none,
    );
  });
});

describe("imports", () => {
  it("form no cycle", () => assert.deepEqual(importCycles(shipped), none));

  it("are seen when they do", () => {
    const files = fixture({
      "x/a.ts": `import "./b.ts";`,
      "x/b.ts": `import type { C } from "../y/c.ts";`,
      "y/c.ts": `export * from "../x/a.ts";`,
      "y/d.ts": `import "../x/a.ts"; import "./e.ts";`,
      "y/e.ts": "",
    });
    assert.deepEqual(importCycles(files), ["x/a.ts → x/b.ts → y/c.ts → x/a.ts"]);
  });
});

describe("length", () => {
  it("stays under 300 lines a file, 70 a function", () => {
    assert.deepEqual(shipped.flatMap(lengthOffences), none);
  });

  it("is measured", () => {
    const lines = (count: number) => "x();\n".repeat(count);
    assert.deepEqual(lengthOffences(one(lines(300))), none);
    assert.equal(lengthOffences(one(lines(301))).length, 1);
    assert.deepEqual(lengthOffences(one(`function f() {\n${lines(68)}}`)), none);
    for (const text of [
      `function f() {\n${lines(69)}}`,
      `const f = () => {\n${lines(69)}};`,
      `class C { m() {\n${lines(69)}} }`,
      `class C { get m() {\n${lines(69)}} }`,
    ]) {
      assert.equal(lengthOffences(one(text)).length, 1, text.slice(0, 20));
    }
  });
});

describe("a plain load of the core", () => {
  it("stands in a file that says why nobody else can be writing there", () => {
    assert.deepEqual(core.flatMap(plainLoadOffences), none);
  });

  it("is seen where none says so", () => {
    assert.equal(plainLoadOffences(one("const a = load8(1) + load32(4);")).length, 2);
    assert.deepEqual(plainLoadOffences(one("// Plain loads: our own.\nloadQuad(4);")), none);
    assert.deepEqual(plainLoadOffences(one("glance32(4); ownLoad32(0);")), none);
  });
});

describe("a public call", () => {
  const classes = ["allocator/slab-allocator", "pool/memory-pool", "contents/contents", "base/errors"];
  const isPublic = ({ path }: SourceFile) => classes.some((name) => path === `${src}/${name}.ts`);

  it("says what it throws", () => {
    const files = library.filter(isPublic);
    assert.equal(files.length, classes.length);
    assert.deepEqual(files.flatMap(untoldOffences), none);
  });

  it("is seen when it does not", () => {
    const bad = "class C { m() {} /** It does. */ get n() { return 1; } static o() {} }";
    assert.equal(untoldOffences(one(bad)).length, 3);
    const good =
      "class C extends B { private m() {} /** @throws ERR_DETACHED */ n() {} override o() {} [dispose]() {} }";
    assert.deepEqual(untoldOffences(one(good)), none);
  });
});

describe("Atomics", () => {
  it("is named in one file of the shell, and in one of the core: its verbs", () => {
    const named = library.filter((file) => atomicsNamed(file).length > 0);
    assert.deepEqual(
      named.map(({ path }) => path),
      [`${src}/memory/atomics.ts`, "packages/offheap/core/target/access.ts"],
    );
  });

  it("is seen wherever it is named, but in comments", () => {
    for (const text of [
      "Atomics.load(x, 0);",
      "const { load } = Atomics;",
      `globalThis["Atomics"].load(x, 0);`,
      "type A = typeof Atomics;",
    ]) {
      assert.equal(atomicsNamed(one(text)).length, 1, text);
    }
    assert.deepEqual(atomicsNamed(one("// Atomics\nconst hardwareAtomics = 0;")), none);
  });
});

describe("types", () => {
  it("are erasable and never any", () => assert.deepEqual(all.flatMap(typeOffences), none));

  it("are seen when they are not", () => {
    for (const text of ["let x: any;", "f<any>();", "enum E { A }", "const enum E { A }", "namespace N {}"]) {
      assert.equal(typeOffences(one(text)).length, 1, text);
    }
    assert.deepEqual(
      typeOffences(one("// any enum\nconst any = 1; declare global { interface I {} }")),
      none,
    );
  });
});

describe("work", () => {
  it("is finished", () => assert.deepEqual(all.flatMap(unfinishedOffences), none));

  it("is seen when it is left for later", () => {
    for (const word of ["TODO", "FIXME", "XXX"]) {
      assert.equal(unfinishedOffences(one(`f(); // ${word} later`)).length, 1);
      assert.equal(unfinishedOffences(one(`/* a\n * ${word}: later */`)).length, 1);
    }
    assert.deepEqual(unfinishedOffences(one("const TODO = 1; // todo lists")), none);
  });
});

describe("code that may be killed", () => {
  it("has nothing that runs after death", () => {
    const files = library.filter(({ path }) => !unkillable.some((room) => path.startsWith(room)));
    assert.ok(files.length > 0);
    assert.deepEqual(files.flatMap(afterDeathOffences), none);
  });

  it("is seen when it has", () => {
    const asking = "function g() { try { return f(); } catch (error) { return nullOrThrow(error);";
    for (const text of [
      "try { f(); } catch {}",
      "try { f(); } finally { g(); }",
      "{ using x = f(); }",
      `${asking} g(); } }`,
      `${asking} } finally { g(); } }`,
      "function g() { try { return f(); } catch (error) { return h(error); } }",
      "function g() { try { return f(); } catch { return nullOrThrow(h()); } }",
    ]) {
      assert.equal(afterDeathOffences(one(text)).length, 1, text);
    }
    assert.deepEqual(afterDeathOffences(one("// catch, finally\nthrow new Error();")), none);
    assert.deepEqual(afterDeathOffences(one(`${asking} } }`)), none);
  });
});

describe("links of the pages", () => {
  it("resolve", () => {
    const paths = filesBelow("").filter((path) => path.endsWith(".md"));
    assert.ok(paths.length > 0);
    assert.deepEqual(brokenLinks(new Map(paths.map((path) => [path, read(path)])), exists), none);
  });

  it("are seen when they do not", () => {
    const pages = new Map([
      [
        "docs/a.md",
        "# A `b` c\n[x](b.md) [y](../c.ts) ![z](img/z.png) [w](#a-b-c) [v](#nowhere)\n[n]: ../gone.md",
      ],
      [
        "docs/b.md",
        "[a](a.md#a-b-c) [no](a.md#b) [net](https://example.org/x)\n```\n[code](gone.md)\n```\n`[i](j)`",
      ],
    ]);
    assert.deepEqual(
      brokenLinks(pages, (path) => path === "c.ts"),
      [
        "docs/a.md links to img/z.png",
        "docs/a.md links to #nowhere",
        "docs/a.md links to ../gone.md",
        "docs/b.md links to a.md#b",
      ],
    );
  });
});

describe("the library's manifest", () => {
  it("asks for no other package", () => {
    assert.deepEqual(dependencyOffences(JSON.parse(read("packages/offheap/package.json")) as Manifest), none);
  });

  it("is seen when it does", () => {
    const bad: Manifest[] = [
      { dependencies: { a: "1" } },
      { optionalDependencies: { a: "1" } },
      { bundleDependencies: ["a"] },
      { peerDependencies: { a: "1" } },
      { scripts: { postinstall: "node x.js" } },
    ];
    for (const manifest of bad)
      assert.equal(dependencyOffences(manifest).length, 1, JSON.stringify(manifest));
    const optional = { peerDependencies: { a: "1" }, peerDependenciesMeta: { a: { optional: true } } };
    assert.deepEqual(dependencyOffences(optional), none);
  });
});

describe("the lockfile", () => {
  it("knows the builds for every platform", () => {
    assert.deepEqual(lockOffences(JSON.parse(read("package-lock.json")) as Lockfile), none);
  });

  it("is seen when it does not", () => {
    const tool = { optionalDependencies: { "@tool/x": "1", "@tool/y": "1" } };
    const packages = { "node_modules/tool": tool, "node_modules/@tool/x": {} };
    assert.deepEqual(lockOffences({ packages }), [
      "node_modules/tool may install @tool/y, which is not locked",
    ]);
  });
});
