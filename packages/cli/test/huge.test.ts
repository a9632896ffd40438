// Requests over 2 GiB: kept whole from the log to the heap, or counted and said.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { prepareStream, readTrace } from "offheap-cli";
import { adapterUrl } from "#src/allocators/registry.js";
import { keepsFill, writeFill } from "#src/replay/fill.js";
import { replay } from "#src/replay/replay.js";
import { json, offheap } from "./fixtures/command.ts";
import { Files, logText } from "./fixtures/logs.ts";

const files = new Files();
after(() => files.remove());

const gib = 2 ** 30;
const hex = (bytes: number) => `0x${bytes.toString(16)}`;
/** 2.5 GiB that come and go, become less where they are, and are freed at the end. */
const large = files.write(
  "large",
  logText([
    `@ + 0xb400000000000010 ${hex(2.5 * gib)}`,
    "@ + 0x20 0x30",
    "@ - 0xb400000000000010",
    `@ + 0xb400000000000010 ${hex(2.5 * gib)}`,
    "@ < 0xb400000000000010",
    `@ > 0xb400000000000010 ${hex(2.25 * gib)}`,
    "@ - 0x20",
  ]),
);
const beyond = files.write(
  "beyond",
  logText([
    "@ + 0x10 0x100",
    `@ + 0x20 ${hex(2.5 * gib)}`,
    `@ + 0x30 ${hex(16 * gib)}`,
    "@ - 0x30",
    "@ - 0x10",
  ]),
);

describe("an object of 2.5 GiB", () => {
  it("is served by a pool, whole, without being brought into memory", async () => {
    const stream = prepareStream(await readTrace(large));
    assert.equal(stream.peakLiveBytes, 2.5 * gib + 0x30);
    const setup = { workers: 1, passes: 2, capacityBytes: 4 * gib, classes: "fine", verify: true } as const;
    const run = await replay(stream, { ...setup, adapterUrl: adapterUrl("pool") });
    assert.deepEqual([run.fillViolations, run.heapViolations], [[], []]);
    assert.deepEqual(run.space?.largeAtPeak, { objects: 1, bytes: 2.5 * gib });
    assert.ok(run.space.footprintBytes >= 2.5 * gib);
    const touchedBytes = process.resourceUsage().maxRSS * 1024;
    // The look at what is known to be zero, at the end, reads it: on Linux 6.18 a quarter of that counts as in memory.
    assert.ok(touchedBytes < 2 * gib, `${touchedBytes} bytes were in memory`);
  });

  it("is in the report", async () => {
    const { code, traces } = await json(["replay", large, "--capacity", "4GiB", "--passes", "2"]);
    const [{ replayed, runs }] = traces;
    assert.deepEqual([code, replayed.peakLiveBytes, replayed.passedOver.requests], [0, 2.5 * gib + 0x30, 0]);
    assert.deepEqual(runs[0].space.largeAtPeak, { objects: 1, bytes: 2.5 * gib });
  });

  it("is said to have no room when it has none, without advice that would not help", async () => {
    const { code, stderr } = await offheap(["replay", large, "--capacity", "4GiB", "--workers", "2"]);
    assert.match(stderr, /ERR_OUT_OF_MEMORY: no 2684354560 bytes in a row can be had/);
    assert.ok(!stderr.includes("--capacity"));
    assert.equal(code, 1);
  });
});

describe("a request that the heap can never serve", () => {
  it("is passed over, counted and said", async () => {
    const { stdout, code } = await offheap(["replay", beyond, "--passes", "2"]);
    assert.match(
      stdout,
      /2 requests over 908\.\d+ MiB passed over that --capacity can make room for \(the largest 16 GiB; 3 operations less\)\n +1 of them over 4 GiB, which no heap serves\n/,
    );
    assert.equal(code, 0);
    const [{ replayed }] = (await json(["replay", beyond, "--passes", "2", "--capacity", "4GiB"])).traces;
    const { limitBytes, ...passedOver } = replayed.passedOver;
    assert.deepEqual(passedOver, { requests: 1, operations: 2, largestBytes: 16 * gib, beyondAnyHeap: 1 });
    assert.ok(limitBytes > 3.5 * gib && limitBytes < 4 * gib);
  });

  it("is passed over by the slabs, too, with its whole size", async () => {
    const { stdout, code } = await offheap(["replay", beyond, "--passes", "2", "--allocator", "slab"]);
    assert.match(
      stdout,
      /2 requests over 8 KiB passed over that --allocator pool serves \(the largest 16 GiB;/,
    );
    assert.equal(code, 0);
  });
});

describe("the fill of a large object", () => {
  const first = 100;
  const wordCount = 2 ** 24 + 2 ** 17;
  const mib = 2 ** 18;
  const words = new Uint32Array(first + wordCount + 100);
  const isKept = (keptCount = wordCount) => keepsFill(words, first, wordCount, keptCount, 7);

  it("is at both ends and at each MiB between, and nowhere outside", () => {
    writeFill(words, first, wordCount, 7);
    assert.ok(isKept());
    assert.ok(words.subarray(0, first).every((word) => word === 0));
    assert.ok(words.subarray(first + wordCount).every((word) => word === 0));
    assert.ok(words.filter((word) => word === 7).length < 2 * mib + 100);
    for (const word of [0, 1, mib - 1, mib, 40 * mib, wordCount - mib, wordCount - 1]) {
      words[first + word]++;
      assert.ok(!isKept(), `word ${word}`);
      words[first + word]--;
    }
    assert.ok(isKept());
  });

  it("is compared as far as a reallocation has kept it", () => {
    for (const word of [5, 3 * mib, wordCount - 1]) {
      words[first + word]++;
      assert.ok(isKept(word), `the ${word} words before it`);
      assert.ok(!isKept(word + 1), `word ${word}`);
      words[first + word]--;
    }
  });

  it("is in every word of an object up to 64 MiB", () => {
    words.fill(0);
    writeFill(words, first, 2 ** 24, 9);
    assert.ok(words.subarray(first, first + 2 ** 24).every((word) => word === 9));
    assert.ok(keepsFill(words, first, 2 ** 24, 2 ** 24, 9));
    words[first + 2 ** 23 + 1] = 8;
    assert.ok(!keepsFill(words, first, 2 ** 24, 2 ** 24, 9));
    assert.ok(keepsFill(words, first, 2 ** 24, 2 ** 23 + 1, 9));
  });
});
