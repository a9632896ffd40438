// The rooms of the library: layers, faces, sizes. Each rule is first shown a bad example of itself.

import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, it } from "node:test";
import { filesBelow, parseBelow } from "./house/repository.ts";
import { faceOffences, layerOffences, roomOffences } from "./house/rooms.ts";
import { fixture } from "./house/source-file.ts";

const src = "packages/offheap/src";
const coreSource = "packages/offheap/core";
const paths = [...filesBelow(src), ...filesBelow(coreSource)].filter(
  (path) => path.endsWith(".ts") && !path.endsWith(".d.ts"),
);
const library = parseBelow(src, coreSource).filter(({ path }) => !path.endsWith(".d.ts"));
const none: string[] = [];

describe("layers", () => {
  it("go one way in the library, from face to face", () => {
    assert.ok(library.length > 100);
    assert.deepEqual(layerOffences(library), none);
  });

  it("are seen when crossed, or passed by", () => {
    const offending: [string, string][] = [
      ["base/a.ts", "../memory/index.ts"],
      ["memory/a.ts", "../slab/index.ts"],
      ["slab/a.ts", "../index.ts"],
      ["slab/a.ts", "../os/index.ts"],
      ["slab/a.ts", "../arena/b.ts"],
      ["slab/a.ts", "./index.ts"],
      ["slab/index.ts", "../arena/spans.ts"],
      ["index.ts", "./os/index.ts"],
      ["index.ts", "./pool/memory-pool.ts"],
      ["os/a.ts", "../memory/index.ts"],
      ["os/a.ts", "../base/errors.ts"],
      ["slab/a.ts", "../unknown/index.ts"],
      ["slab/a.ts", "../../test/b.ts"],
      ["slab/a.ts", "node:fs"],
      ["slab/a.ts", "../../core/arena/index.ts"],
      ["slab/a.ts", "../../core/layout/numbers.ts"],
      ["slab/a.ts", "../../core/built/b.ts"],
      ["memory/a.ts", "../../core/index.ts"],
      ["../core/arena/a.ts", "../slab/index.ts"],
      ["../core/arena/a.ts", "../layout/numbers.ts"],
      ["../core/arena/a.ts", "../../src/base/index.ts"],
      ["../core/index.ts", "../src/base/index.ts"],
    ];
    for (const [path, specifier] of offending) {
      for (const text of [
        `import { x } from "${specifier}";`,
        `import type { X } from "${specifier}";`,
        `export * from "${specifier}";`,
        `const x = await import("${specifier}");`,
        `import x = require("${specifier}");`,
        `type X = import("${specifier}").X;`,
      ]) {
        assert.equal(layerOffences(fixture({ [posix.join(src, path)]: text })).length, 1, `${path}: ${text}`);
      }
    }
  });

  it("let a room import the faces to its left", () => {
    const files = fixture({
      [`${src}/slab/a.ts`]: `import "../base/index.ts"; import "../arena/index.ts"; import "./d.ts";`,
      [`${src}/slab/index.ts`]: `export * from "./a.ts";`,
      [`${src}/index.ts`]: `export * from "./pool/index.ts";`,
      [`${src}/os/a.ts`]: `import "../base/index.ts"; import "node:os";`,
      [`${src}/memory/a.ts`]: `import "../../core/built/b.ts"; import "../../core/layout/index.ts";`,
      [`${coreSource}/magazine/a.ts`]: `import "../slab/index.ts"; import "../target/index.ts";`,
      [`${coreSource}/index.ts`]: `export * from "./worker/index.ts";`,
    });
    assert.deepEqual(layerOffences(files), none);
  });
});

describe("rooms", () => {
  it("are known, have a face, and a dozen files at most", () => assert.deepEqual(roomOffences(paths), none));

  it("are seen when they do not", () => {
    const dozen = Array.from({ length: 11 }, (_, i) => `${src}/slab/${i}.ts`);
    const faces = [`${src}/slab/index.ts`, `${coreSource}/slab/index.ts`];
    assert.deepEqual(roomOffences([...dozen, ...faces, `${coreSource}/built/a.ts`]), none);
    assert.deepEqual(
      roomOffences([
        ...dozen,
        ...faces,
        `${src}/slab/a.ts`,
        `${coreSource}/arena/a.ts`,
        `${src}/hall/index.ts`,
      ]),
      [`${src}/slab has 13 files`, `${coreSource}/arena has no face`, `${src}/hall is no room`],
    );
    assert.deepEqual(roomOffences([`${src}/slab/inner/index.ts`]), [`${src}/slab/inner is no room`]);
  });
});

describe("faces", () => {
  it("re-export what other rooms use, and do nothing else", () =>
    assert.deepEqual(faceOffences(library), none));

  it("are seen when they show too much, or do more", () => {
    const facePath = `${src}/base/index.ts`;
    const offencesOf = (text: string) =>
      faceOffences(
        fixture({
          [facePath]: text,
          [`${src}/index.ts`]: `export { a } from "./base/index.ts";`,
          [`${src}/slab/a.ts`]: `import { type b, c as d } from "../base/index.ts"; import { e } from "../arena/index.ts";`,
          [`${src}/slab/b.ts`]: `import * as all from "../base/index.ts"; f(all.g); const { h } = all;`,
        }),
      );
    assert.deepEqual(offencesOf(`export { a, type b, c, g, h } from "./x.ts";`), none);
    for (const name of ["d", "e", "all"]) {
      const shown = [`${facePath} shows ${name}, which no other room uses`];
      assert.deepEqual(offencesOf(`export { a, ${name} } from "./x.ts";`), shown);
    }
    for (const text of [
      `export * from "./x.ts";`,
      "export const a = 1;",
      "const a = 1; export { a };",
      `import "./x.ts";`,
      "f();",
    ]) {
      assert.match(offencesOf(text)[0] ?? "", /does more than re-export/, text);
    }
  });
});
