// Our inflation against zlib's: all that zlib can make of a stream's first bytes is made, to the byte, wherever the
// stream is cut, and zlib and ours agree on what is damaged. A failure prints fast-check's seed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { Bytes, Cut } from "#src/unpack/bytes.js";
import { gunzip } from "#src/unpack/gunzip.js";
import { churn, logLines, logText, randomNumbers } from "./fixtures/logs.ts";

/** The same array again and again, as a layer below may do. */
async function* piecesOf(content: Uint8Array, pieceBytes: number): Bytes {
  const piece = new Uint8Array(pieceBytes);
  for (let at = 0; at < content.length; at += pieceBytes) {
    piece.set(content.subarray(at, at + pieceBytes));
    yield piece.subarray(0, Math.min(pieceBytes, content.length - at));
  }
  return undefined;
}

async function inflate(
  content: Uint8Array,
  pieceBytes = 4096,
): Promise<{ text: Buffer; cut: Cut | undefined }> {
  const layer = gunzip(piecesOf(content, pieceBytes), "it");
  const pieces: Buffer[] = [];
  for (;;) {
    const { done, value } = await layer.next();
    if (done) return { text: Buffer.concat(pieces), cut: value };
    pieces.push(Buffer.from(value));
  }
}

/** All that zlib can make of a stream's first bytes, or undefined when it fails at them. */
function asFarAsItGoes(content: Uint8Array): Buffer | undefined {
  try {
    return gunzipSync(content, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

const { Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED, Z_DEFAULT_STRATEGY } = constants;
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
});
const log = fc.record({
  operations: fc.integer({ min: 0, max: 20_000 }),
  seed: fc.integer({ min: 1, max: 2 ** 30 }),
});
const content = fc.oneof(
  fc.uint8Array({ maxLength: 100_000, size: "max" }).map((bytes) => Buffer.from(bytes)),
  log.map(({ operations, seed }) => Buffer.from(logText(logLines(churn(operations, { seed }))))),
  fc.integer({ min: 0, max: 300_000 }).map((length) => Buffer.alloc(length, "abcdefghij")),
);

describe("what zlib packs", () => {
  it("comes back, in members and pieces of any length", async () => {
    await fc.assert(
      fc.asyncProperty(
        content,
        content,
        options,
        fc.integer({ min: 1, max: 200_000 }),
        async (first, second, how, pieceBytes) => {
          const packed = Buffer.concat([gzipSync(first, how), gzipSync(second, how)]);
          const { text, cut } = await inflate(packed, pieceBytes);
          assert.equal(cut, undefined);
          assert.ok(text.equals(Buffer.concat([first, second])));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("comes back when a piece ends near the end of a stream, wherever that is", async () => {
    for (const how of [{}, { strategy: Z_FIXED }, { level: 0 }, { strategy: Z_HUFFMAN_ONLY }]) {
      // Long enough for the header of the last block to lie far before.
      const texts = [3, 4, 5, 6].map((seed) => logText(logLines(churn(700, { seed }))));
      for (const first of texts) {
        const end = gzipSync(first, how).length;
        const packed = Buffer.concat([gzipSync(first, how), gzipSync(texts[0], how)]);
        for (let part = end - 60; part < end + 20; part++) {
          const { text, cut } = await inflate(packed, part);
          assert.equal(cut, undefined);
          assert.ok(text.equals(Buffer.from(first + texts[0])), `${part} bytes`);
        }
      }
    }
  });

  it("comes back as far as it goes, wherever it is cut", async () => {
    for (const how of [
      {},
      { strategy: Z_FIXED },
      { level: 0 },
      { memLevel: 1 },
      { strategy: Z_HUFFMAN_ONLY },
    ]) {
      const packed = gzipSync(logText(logLines(churn(80, { seed: 3 }))), how);
      for (let length = 1; length < packed.length; length++) {
        const { text, cut } = await inflate(packed.subarray(0, length), 64);
        assert.deepEqual(cut, { atByte: length, reason: `it ends early at byte ${length}` });
        const all = length < 3 ? Buffer.alloc(0) : asFarAsItGoes(packed.subarray(0, length));
        assert.ok(all !== undefined && text.equals(all), `${length} bytes`);
      }
    }
  });
});

describe("damage", () => {
  const members = [7, 8].map((seed) => gzipSync(logText(logLines(churn(150, { seed }))), { memLevel: 1 }));
  const packed = Buffer.concat(members);
  const all = gunzipSync(packed);
  const random = randomNumbers(11);

  /** zlib fails when it is given that many bytes, and not with one less. */
  function failsAt(damaged: Uint8Array): number {
    let [good, bad] = [0, damaged.length];
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      if (asFarAsItGoes(damaged.subarray(0, middle)) === undefined) bad = middle;
      else good = middle;
    }
    return bad;
  }

  async function agree(damaged: Buffer, reason = /damaged/): Promise<void> {
    const { text, cut } = await inflate(damaged, 1 + random(500));
    const whole = asFarAsItGoes(damaged);
    if (whole !== undefined) assert.ok(text.equals(whole)); // a bit that nothing depends on, or an early end
    if (whole !== undefined && text.equals(all)) return assert.equal(cut, undefined);
    assert.ok(cut !== undefined);
    if (whole !== undefined) return assert.match(cut.reason, /ends early/);
    assert.match(cut.reason, reason);
    const bytes = failsAt(damaged);
    const before = asFarAsItGoes(damaged.subarray(0, bytes - 1));
    assert.ok(before !== undefined && text.subarray(0, before.length).equals(before), cut.reason);
    // A checksum and a length are four bytes, and ours is the place of the first. A byte may end several symbols.
    const isTrailer = /not that of the text before/.test(cut.reason);
    assert.equal(cut.atByte, isTrailer ? bytes - 4 : bytes - 1, cut.reason);
    assert.ok(text.length - before.length <= (isTrailer ? 0 : 2 * 258), cut.reason);
  }

  it("of any bit is found at the byte where zlib finds it, and all before it is there", async () => {
    for (let round = 0; round < 1500; round++) {
      const damaged = Buffer.from(packed);
      // Behind the first header, whose time and system nothing depends on; nor does anything on the second's.
      const at = 10 + random(packed.length - 10);
      if (at >= members[0].length && at < members[0].length + 10) continue;
      damaged[at] ^= 1 << random(8);
      await agree(damaged);
    }
  });

  it("of many bytes is found at the byte where zlib finds it", async () => {
    for (let round = 0; round < 500; round++) {
      const damaged = Buffer.from(packed);
      const from = 10 + random(members[0].length - 30);
      for (let i = from; i < members[0].length; i++) damaged[i] = random(256);
      await agree(damaged);
    }
  });

  it("is found in the header of a block of codes", async () => {
    for (let round = 0; round < 2000; round++) {
      const damaged = Buffer.from(packed);
      for (let flips = 0; flips < 4; flips++) damaged[10 + random(70)] ^= 1 << random(8);
      if (!damaged.equals(packed)) await agree(damaged);
    }
  });

  it("is found where lengths repeat nothing, and where a block cannot end", async () => {
    // A last block with codes of its own: 257 + 1 symbols; then the lengths of the codes of lengths, by their order.
    const start = [
      [1, 1],
      [2, 2],
      [0, 5],
      [0, 5],
    ] as const;
    const repeats = [...start, [0, 4], [1, 3], [0, 3], [1, 3], [0, 3], [0, 1]] as const;
    await agree(gzipOf(repeats), /repetition of nothing/);
    // Symbol 1 is `0`, symbol 18 is `1`: two literals, 255 times nothing, one distance.
    const codes = [
      [14, 4],
      [0, 6],
      [1, 3],
      [0, 42],
      [1, 3],
    ] as const;
    const lengths = [
      [0, 2],
      [1, 1],
      [127, 7],
      [1, 1],
      [106, 7],
      [0, 1],
    ] as const;
    await agree(gzipOf([...start, ...codes, ...lengths]), /block without an end/);
  });
});

/** A gzip file of these bits: each a value and how many bits it takes, the lowest first. */
function gzipOf(fields: readonly (readonly [value: number, bits: number])[]): Buffer {
  const bits = fields.flatMap(([value, count]) =>
    Array.from({ length: count }, (_, bit) => Math.floor(value / 2 ** bit) % 2),
  );
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8) + 40);
  for (const [i, bit] of bits.entries()) bytes[i >> 3] |= bit << (i & 7);
  return Buffer.concat([gzipSync("").subarray(0, 10), bytes]);
}
