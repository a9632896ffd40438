// What a file is packed in, told by its content: read as far as its bytes go, or named as what it is.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import * as zlib from "node:zlib";
import { gzipSync } from "node:zlib";
import { readTrace, type Trace } from "offheap-cli";
import { churn, Files, logLines, logText } from "./fixtures/logs.ts";
import { foreignFiles, packedText, pzstdFile, zstdFrame } from "./fixtures/packed.ts";

const files = new Files();
after(() => files.remove());

const text = logText(logLines(churn(20_000, { reallocate: true }), () => "@ ./größe:[0x40] "));
const readsZstd = "createZstdDecompress" in zlib;

async function read(content: string | Uint8Array): Promise<Trace> {
  return readTrace(files.write("log.mtrace", content));
}

async function isWhole(content: string | Uint8Array): Promise<void> {
  const { operations, problems } = await read(content);
  assert.deepEqual([operations, problems.malformedLines.count], [20_000, 0]);
  assert.deepEqual([problems.truncated, problems.cutAtByte], [undefined, undefined]);
}

function cutOf({ problems, operations }: Trace): [number, string | undefined, number | undefined] {
  return [operations, problems.truncated, problems.cutAtByte];
}

function bigEndian(content: string): Buffer {
  return Buffer.from(content, "utf16le").swap16();
}

describe("gzip", () => {
  it("may be packed several times over", async () => {
    await isWhole(gzipSync(gzipSync(text)));
    await isWhole(gzipSync(gzipSync(gzipSync(gzipSync(text)))));
    const fivefold = gzipSync(gzipSync(gzipSync(gzipSync(gzipSync(text)))));
    await assert.rejects(read(fivefold), {
      code: "ERR_UNREADABLE_TRACE",
      message: /more than 4 times over$/,
    });
  });

  it("may have a name, a comment and more in its header, and each piece may be a stored one", async () => {
    const [header, body] = [gzipSync(text, { level: 0 }).subarray(0, 10), gzipSync(text, { level: 0 })];
    header[3] = 2 + 4 + 8 + 16;
    const extra = Buffer.concat([Buffer.of(0x2c, 0x01), Buffer.alloc(300, 0x1f)]);
    const texts = Buffer.from(`${"n".repeat(200_000)}\0a comment\0`);
    await isWhole(Buffer.concat([header, extra, texts, Buffer.of(0, 0), body.subarray(10)]));
  });

  it("may be followed by another gzip file, and by zeros, as on a tape", async () => {
    const half = text.indexOf("\n", text.length / 2) + 1;
    const both = Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]);
    await isWhole(both);
    await isWhole(Buffer.concat([both, Buffer.alloc(10_000)]));
  });

  it("may be followed by nothing else, which is said", async () => {
    const zipped = gzipSync(packedText);
    for (const [garbage, at] of [
      [Buffer.from("hello"), 0],
      [Buffer.of(0x1f), 0],
      [Buffer.of(0, 0, 0, 7), 3],
    ] as const) {
      const trace = await read(Buffer.concat([zipped, garbage]));
      const byte = zipped.length + at;
      const reason = `the gzip stream is damaged at byte ${byte} (what follows its end is no gzip)`;
      assert.deepEqual(cutOf(trace), [2, reason, byte]);
    }
  });

  it("is damaged when its checksum or its length is not that of the text", async () => {
    for (const [back, what] of [
      [8, "checksum"],
      [4, "length"],
    ] as const) {
      const zipped = gzipSync(packedText);
      zipped[zipped.length - back] ^= 1;
      const byte = zipped.length - back;
      const reason = `the gzip stream is damaged at byte ${byte} (the ${what} there is not that of the text before)`;
      assert.deepEqual(cutOf(await read(zipped)), [2, reason, byte]);
    }
  });

  it("is damaged when its header is none", async () => {
    for (const [at, value, message] of [
      [2, 7, /damaged at byte 2 \(method 7 is none\)/],
      [3, 0x80, /damaged at byte 3 \(flags that are none\)/],
    ] as const) {
      const zipped = gzipSync(packedText);
      zipped[at] = value;
      await assert.rejects(read(zipped), { code: "ERR_NOT_A_TRACE", message });
    }
  });

  it("says which of two layers the cut is in", async () => {
    const inner = gzipSync(text);
    const outer = gzipSync(inner.subarray(0, 1000));
    const [operations, truncated, atByte] = cutOf(await read(outer));
    assert.ok(operations > 0);
    assert.deepEqual([truncated, atByte], ["the gzip stream inside ends early at byte 1000", 1000]);
    const cut = gzipSync(inner, { level: 0 }).subarray(0, 1000);
    assert.deepEqual(cutOf(await read(cut)).slice(1), ["the gzip stream ends early at byte 1000", 1000]);
  });
});

describe("text", () => {
  it("may begin with a byte order mark of UTF-8, also where files were put together", async () => {
    await isWhole(`\ufeff${text}`);
    const two = await read(`\ufeff${packedText}\ufeff${packedText}`);
    assert.deepEqual([two.operations, two.problems.malformedLines.count], [4, 0]);
  });

  it("may be UTF-16 in either order, with a byte order mark or without", async () => {
    for (const mark of ["\ufeff", ""]) {
      await isWhole(Buffer.from(mark + text, "utf16le"));
      await isWhole(bigEndian(mark + text));
      await isWhole(gzipSync(Buffer.from(mark + text, "utf16le")));
    }
  });

  it("in UTF-16 may end in the middle of a character, which is said", async () => {
    const content = Buffer.from(`\ufeff${packedText}`, "utf16le");
    const trace = await read(content.subarray(0, -1));
    const byte = content.length - 1;
    assert.deepEqual(cutOf(trace), [2, `the text in UTF-16 ends early at byte ${byte}`, byte]);
  });
});

describe("a format that is not read", () => {
  for (const [name, content] of foreignFiles) {
    it(`is named: ${name} (${content.subarray(0, 4).toString("hex")})`, async () => {
      const error = { code: "ERR_UNREADABLE_TRACE" };
      const means = name.replace(/[()]/g, "\\$&");
      const message = new RegExp(`log\\.mtrace: this is ${means}, which is not read here; unpack it with `);
      await assert.rejects(read(content), { ...error, message });
      const inside = new RegExp(`log\\.mtrace: what is packed in it is ${means}, which is not read here`);
      await assert.rejects(read(gzipSync(content)), { ...error, message: inside });
    });
  }
});

// Each version of Node takes one of the two, and both are tested in CI.
describe(readsZstd ? "zstd, which this Node reads" : "zstd, which this Node does not read", () => {
  const unread = { code: "ERR_UNREADABLE_TRACE", message: /a zstd file, which takes Node 22\.15 or newer/ };

  async function readOr(content: Uint8Array, check: (trace: Trace) => void): Promise<void> {
    if (readsZstd) check(await read(content));
    else await assert.rejects(read(content), unread);
  }

  it("is read where it can be, also in several frames, and in gzip", async () => {
    for (const [content, operations] of [
      [zstdFrame, 2],
      [pzstdFile, 2],
      [Buffer.concat([zstdFrame, pzstdFile, zstdFrame]), 6],
      [gzipSync(zstdFrame), 2],
    ] as const) {
      await readOr(content, (trace) => assert.deepEqual(cutOf(trace), [operations, undefined, undefined]));
    }
  });

  it("is read as far as its bytes go", async () => {
    const two = Buffer.concat([zstdFrame, zstdFrame]);
    for (let length = zstdFrame.length + 4; length < two.length; length++) {
      await readOr(two.subarray(0, length), (trace) => {
        const [operations, truncated, atByte] = cutOf(trace);
        assert.ok(operations >= 2);
        assert.deepEqual([truncated, atByte], [`the zstd stream ends early at byte ${length}`, length]);
      });
    }
    const garbage = Buffer.concat([two, Buffer.from("what follows")]);
    await readOr(garbage, (trace) => {
      const [operations, truncated, atByte] = cutOf(trace);
      assert.equal(operations, 4);
      assert.ok(atByte !== undefined && atByte >= two.length && atByte < garbage.length);
      assert.match(truncated ?? "", new RegExp(`^the zstd stream is damaged at byte ${atByte} \\(.+\\)$`));
    });
  });

  it("is read up to its damage", async () => {
    const two = Buffer.concat([zstdFrame, zstdFrame]);
    two[two.length - 1] ^= 1; // of the checksum of the second
    await readOr(two, (trace) => {
      const [operations, truncated, atByte] = cutOf(trace);
      assert.deepEqual([operations, atByte], [4, two.length - 1]);
      assert.match(truncated ?? "", /^the zstd stream is damaged at byte \d+ \(.*checksum.*\)$/);
    });
  });
});
