// An allocator that was collected without detach gives its place back; held by any part of it that needs the place, it
// keeps it. In a process of its own, where the collector can be called.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

interface Said {
  readonly name: string;
  readonly held?: number;
  readonly usable?: boolean;
  readonly left: number;
  readonly cached?: number;
  readonly violations?: number;
}

const child = fileURLToPath(new URL("./support/abandoned-child.js", import.meta.url));
const said = execFileSync(process.execPath, ["--expose-gc", child], { encoding: "utf8" })
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Said);

function of(name: string): Said {
  const found = said.find((each) => each.name === name);
  assert.ok(found !== undefined, `nothing was said of ${name}`);
  return found;
}

describe("an allocator that nobody holds any more", () => {
  for (const name of ["nothing", "the views"]) {
    it(`gives its place and its caches back: held was ${name}`, () => {
      assert.deepEqual(of(name), { name, held: 1, usable: true, left: 1, cached: 0, violations: 0 });
    });
  }

  it("gives them back, too, when it was the one that formatted the heap", () => {
    assert.deepEqual(of("the maker"), { name: "the maker", left: 1, violations: 0 });
  });

  it("ends no program whose heap is damaged", () => {
    assert.deepEqual(of("damaged"), { name: "damaged", held: 1, left: 2 });
  });

  it("keeps no memory that nobody else could have joined", () => {
    assert.equal(of("memories").left, 0);
  });
});

describe("an allocator of which a part is held keeps its place as long", () => {
  for (const name of [
    "the allocator",
    "allocate",
    "deallocate",
    "a region",
    "malloc's calls",
    "malloc",
    "free",
  ]) {
    it(name, () => {
      assert.deepEqual(of(name), { name, held: 2, usable: true, left: 1, cached: 0, violations: 0 });
    });
  }
});
