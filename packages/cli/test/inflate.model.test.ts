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

/** All that can be made of it. */
function asFarAsItGoes(content: Uint8Array): Buffer {
  return gunzipSync(content, { finishFlush: constants.Z_SYNC_FLUSH });
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
  it("comes back, in pieces of any length", async () => {
    await fc.assert(
      fc.asyncProperty(
        content,
        options,
        fc.integer({ min: 1, max: 200_000 }),
        async (text, how, pieceBytes) => {
          const result = await inflate(gzipSync(text, how), pieceBytes);
          assert.equal(result.cut, undefined);
          assert.ok(result.text.equals(text));
        },
      ),
      { numRuns: 60 },
    );
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
        if (length > 2) assert.ok(text.equals(asFarAsItGoes(packed.subarray(0, length))), `${length} bytes`);
      }
    }
  });
});

describe("damage", () => {
  const packed = gzipSync(logText(logLines(churn(400, { seed: 7 }))), { memLevel: 2 });

  it("of any bit is found where zlib finds it, and all before it is there", async () => {
    const random = randomNumbers(11);
    for (let round = 0; round < 600; round++) {
      const damaged = Buffer.from(packed);
      // Behind the header, whose name and time nothing depends on.
      const at = 10 + random(packed.length - 10);
      damaged[at] ^= 1 << random(8);
      const { text, cut } = await inflate(damaged, 1 + random(500));
      assert.throws(() => gunzipSync(damaged), "zlib finds it, too");
      assert.ok(cut !== undefined && cut.atByte >= at - 4 && cut.atByte <= damaged.length, `byte ${at}`);
      const before = asFarAsItGoes(damaged.subarray(0, at));
      assert.ok(text.subarray(0, before.length).equals(before), `byte ${at}`);
      // zlib makes of all bytes up to the one that it fails at what we make, or fails there already.
      const byZlib = tried(damaged.subarray(0, Math.min(cut.atByte, damaged.length - 8)));
      if (byZlib !== undefined) assert.ok(text.subarray(0, byZlib.length).equals(byZlib), `byte ${at}`);
    }
  });

  it("of many bytes never ends otherwise than with a place", async () => {
    const random = randomNumbers(13);
    for (let round = 0; round < 300; round++) {
      const damaged = Buffer.from(packed);
      const from = 10 + random(packed.length - 10);
      for (let i = from; i < Math.min(from + 200, damaged.length); i++) damaged[i] = random(256);
      const { cut } = await inflate(damaged, 1 + random(500));
      assert.ok(cut !== undefined && cut.atByte >= from - 4 && cut.atByte <= damaged.length, `byte ${from}`);
    }
  });

  function tried(prefix: Uint8Array): Buffer | undefined {
    try {
      return asFarAsItGoes(prefix);
    } catch {
      return undefined;
    }
  }
});
