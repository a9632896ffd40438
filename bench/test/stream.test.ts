// The prepared streams: what the builder says of them is true, and a file gives back what was written.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "offheap-tools";
import { StreamBuilder } from "#src/stream/builder.js";
import { readStream, type SectionSpan, type Stream, sections, writeStream } from "#src/stream/format.js";
import { growth } from "#src/workloads/growth.js";
import { bands, buildLargePairs, buildLargeReplacements, largeObjects } from "#src/workloads/large.js";
import { batches, buildReplace, pairs } from "#src/workloads/loops.js";
import { moduleLoops } from "#src/workloads/modules.js";
import { buildTrace, bundledTraces, traces } from "#src/workloads/traces.js";

const folder = mkdtempSync(join(tmpdir(), "offheap-bench-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly live: Map<number, number>; // slot → bytes
  peakBytes: number;
  peakCount: number;
}

/** Runs a section by the letter of the format; every free is of a live slot, no slot is taken twice. */
function play(words: Int32Array, span: SectionSpan, seen: Seen): void {
  const { live } = seen;
  let ops = 0;
  let allocs = 0;
  for (let i = span.from; i < span.to; ops++) {
    const op = words[i++];
    if (op < 0) assert.ok(live.delete(~op), `word ${i - 1}: slot ${~op} is not live`);
    else {
      assert.ok(!live.has(op), `word ${i - 1}: slot ${op} is live`);
      live.set(op, words[i++]);
      allocs++;
    }
    const bytes = [...live.values()].reduce((sum, size) => sum + size, 0);
    seen.peakBytes = Math.max(seen.peakBytes, bytes);
    seen.peakCount = Math.max(seen.peakCount, live.size);
  }
  assert.deepEqual({ ops, allocs }, { ops: span.ops, allocs: span.allocs });
}

function checkStream(stream: Stream): void {
  const seen: Seen = { live: new Map(), peakBytes: 0, peakCount: 0 };
  play(stream.words, stream.setup, seen);
  const before = [...seen.live.keys()].sort();
  for (let pass = 0; pass < 2; pass++) {
    play(stream.words, stream.head, seen);
    play(stream.words, stream.tail, seen);
    assert.deepEqual([...seen.live.keys()].sort(), before, "a pass leaves what it found");
    if (pass === 0) {
      assert.equal(seen.peakCount, stream.peakLiveCount);
      assert.equal(seen.peakBytes, stream.peakLiveBytes);
    }
  }
  play(stream.words, stream.closing, seen);
  assert.equal(seen.live.size, 0);
  assert.ok(Math.max(...before, 0) < stream.slotCount);
}

describe("a built stream", () => {
  it("replaces at random", () => {
    const stream = buildReplace(50, "mixed", 200);
    checkStream(stream);
    assert.equal(stream.head.ops, 400);
    assert.ok(stream.maxRequestBytes <= 1007);
  });

  it("gives a freed slot to the next allocation, and knows the order of birth", () => {
    const builder = new StreamBuilder();
    const [a, b] = [builder.allocate(10), builder.allocate(20)];
    builder.free(a);
    assert.equal(builder.allocate(30), a);
    assert.deepEqual([...builder.live()], [b, a]);
    const stream = builder.finish();
    checkStream(stream);
    assert.equal(stream.peakLiveBytes, 50);
  });

  it("asks for four bytes at least, so that every object has room for one word", () => {
    const builder = new StreamBuilder();
    builder.allocate(1);
    assert.equal(builder.finish().peakLiveBytes, 4);
  });

  it("is the same every time", () => {
    assert.deepEqual(buildReplace(20, "mixed", 100), buildReplace(20, "mixed", 100));
    const random = new Random(7);
    for (let i = 0; i < 1000; i++) assert.ok(random.below(10) < 10);
  });

  it("names its workloads once", () => {
    const named = [...traces([]), ...moduleLoops({ traces: [] })];
    const ids = [...pairs, ...batches, ...growth, ...largeObjects, ...named].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });
});

/** Of every allocation in the stream. */
function sizesIn({ words, setup, head }: Stream): number[] {
  const sizes: number[] = [];
  for (let i = setup.from; i < head.to; ) if (words[i++] >= 0) sizes.push(words[i++]);
  return sizes;
}

describe("large objects", () => {
  it("stay within their band and reach both its ends", () => {
    for (const [name, lowest, highest] of [
      ["64k", 8192, 65_536] as const,
      ["1m", 65_536, 2 ** 20] as const,
    ]) {
      const stream = buildLargeReplacements(30, bands[name], 500);
      checkStream(stream);
      assert.equal(stream.head.ops, 1000);
      const sizes = sizesIn(stream);
      assert.ok(Math.min(...sizes) >= lowest && Math.max(...sizes) < highest, name);
      assert.ok(Math.min(...sizes) < lowest * 1.1 && Math.max(...sizes) > highest / 1.1, name);
    }
  });

  it("come and go one at a time", () => {
    const stream = buildLargePairs(() => 20_000, 50);
    checkStream(stream);
    assert.deepEqual([stream.head.ops, stream.peakLiveCount, stream.maxRequestBytes], [100, 1, 20_000]);
  });
});

describe("a trace", () => {
  it("inside a module is the one outside, of small requests", () => {
    const inside = moduleLoops({ traces: ["/own.mtrace.gz"] }).map(({ id }) => id);
    const wanted = [...bundledTraces(), "own"].map((name) => `wasm/replay/${name}`);
    assert.deepEqual(
      inside.filter((id) => id.startsWith("wasm/replay/")),
      wanted,
    );
    assert.ok(!inside.some((id) => id.includes("whole")));
  });

  it("that the user names is none of the bundled, whatever it is called", () => {
    const [name] = bundledTraces();
    const ids = traces([`/elsewhere/${name}.mtrace.gz`]).map(({ id }) => id);
    assert.ok(ids.includes(`replay/${name}`) && ids.includes(`replay/${name}-2`));
  });

  it("keeps a reallocation as two operations, and passes over what is too large", () => {
    const trace = {
      objects: Int32Array.of(0, 1, 0, 2, 1, 2, 3, 3),
      sizes: Int32Array.of(16, 24, -32, 9000, 0, 0, 40, -9000),
    };
    const stream = buildTrace(trace, 8192);
    checkStream(stream);
    assert.deepEqual([stream.head.ops, stream.head.allocs, stream.tail.ops], [7, 4, 1]);
    assert.equal(stream.skippedOps, 3);
  });
});

describe("a stream's file", () => {
  it("gives back what was written", () => {
    const path = join(folder, "there-and-back.bin");
    const stream = {
      ...buildReplace(30, "64", 90),
      extra: Int32Array.of(3, 1, 2),
      peakLiveBytes: 2 ** 33 + 5,
    };
    writeStream(path, stream);
    const back = readStream(path);
    assert.deepEqual(
      { ...back, words: [...back.words], extra: [...back.extra] },
      {
        ...stream,
        words: [...stream.words],
        extra: [3, 1, 2],
      },
    );
    assert.deepEqual(
      sections.map((name) => back[name].ops),
      [30, 180, 0, 30],
    );
  });

  it("is refused when it is cut, or none", () => {
    const path = join(folder, "cut.bin");
    writeStream(path, buildReplace(5, "64", 5));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 4));
    assert.throws(() => readStream(path), /cut short/);
    writeFileSync(path, Buffer.alloc(200));
    assert.throws(() => readStream(path), /not a prepared stream/);
    bytes.writeInt32LE(99, 4);
    writeFileSync(path, bytes);
    assert.throws(() => readStream(path), /version 99/);
  });
});
