// Texts by each of the ways that hosts have, over memories of each kind, against the language's own encoder and
// decoder. What lies around the bytes that a call may write is compared.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readText, type TextWays, textWays, writeText } from "#src/contents/text.js";
import { decodeUtf8, encodeUtf8 } from "#src/contents/utf8.js";
import { runs } from "./support/fuzz/values.ts";

const { TextEncoder, TextDecoder, Buffer } = globalThis;
const ways: Record<string, TextWays> = {
  "all that this host has": textWays(globalThis),
  "no Buffer, as in browsers": textWays({ TextEncoder, TextDecoder }),
  "no encoder, no decoder, as in audio worklets": textWays({}),
  "a Buffer alone": textWays({ Buffer }),
};

const bytes = 3 * 65_536;
const memories: Record<string, ArrayBufferLike> = {
  shared: new SharedArrayBuffer(bytes),
  local: new ArrayBuffer(bytes),
};

/** Any UTF-16: surrogates with and without their other half, runs of ASCII, a few units or many. */
const unit = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("a", "ascii 123", "ä", "漢", "😀", "\u{10ffff}", "\u0000", "\ufeff"),
  },
  fc.constantFrom("\ud800", "\udbff", "\udc00", "\udfff", "\u007f", "\u0080", "\u07ff", "\u0800", "\uffff"),
  fc.nat(0xffff).map((code) => String.fromCharCode(code)),
);
const text = fc
  .tuple(fc.array(unit, { maxLength: 60 }), fc.constantFrom(0, 0, 0, 7, 300, 9000))
  .map(([units, filler]) => "f".repeat(filler) + units.join("") + "é".repeat(filler >> 4));
const limit = fc.oneof(fc.nat(40), fc.nat(30_000), fc.constant(0));

/** The bytes of a text, as far as its whole code points fit. */
function encoded(text: string, most: number): Uint8Array {
  const all = new TextEncoder().encode(text);
  let end = Math.min(most, all.length);
  while (end > 0 && end < all.length && ((all[end] as number) & 0xc0) === 0x80) end--;
  return all.subarray(0, end);
}

/** What a decoder makes of a private copy. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.slice());
}

for (const [way, how] of Object.entries(ways)) {
  for (const [kind, buffer] of Object.entries(memories)) {
    describe(`${kind} memory, ${way}`, () => {
      const u8 = new Uint8Array(buffer);
      const i32 = new Int32Array(buffer);

      it("a text is written as far as it fits, and nothing else is", () => {
        fc.assert(
          fc.property(text, limit, fc.integer({ min: 100, max: 120 }), (given, most, address) => {
            const used = u8.subarray(0, address + most + 100).fill(0xaa);
            const expected = Uint8Array.from(used);
            const right = encoded(given, most);
            expected.set(right, address);
            assert.equal(writeText(u8, address, given, most, how), right.length);
            assert.ok(
              Buffer.compare(used, expected) === 0,
              "other bytes than those of the text were written",
            );
          }),
          runs(300),
        );
      });

      it("a text comes back as it went, lone surrogates as U+FFFD", () => {
        fc.assert(
          fc.property(text, fc.integer({ min: 100, max: 120 }), fc.nat(255), (given, address, around) => {
            u8.fill(around, 0, 60_000);
            const written = writeText(u8, address, given, 50_000, how);
            const right = new TextEncoder().encode(given);
            assert.equal(written, right.length);
            assert.equal(readText(u8, i32, address, written, how), decoded(right));
          }),
          runs(300),
        );
      });

      it("any bytes are read as the standard says", () => {
        const parts = fc.oneof(
          fc.uint8Array({ maxLength: 20 }),
          text.map((given) => encoded(given, 20_000)),
        );
        fc.assert(
          fc.property(fc.array(parts, { maxLength: 4 }), fc.integer({ min: 0, max: 9 }), (list, address) => {
            const all = Buffer.concat(list);
            u8.set(all, address);
            assert.equal(readText(u8, i32, address, all.length, how), decoded(all));
          }),
          runs(300),
        );
      });
    });
  }
}

describe("the loops for UTF-8", () => {
  it("know every code point, and each way in which four bytes can be none", () => {
    const into = new Uint8Array(4);
    for (let point = 0; point <= 0x10ffff; point += point < 0x3000 || point > 0xd000 ? 1 : 13) {
      const given = String.fromCodePoint(point);
      const right = encoded(given, 4);
      assert.equal(encodeUtf8(given, into, 0, 4), right.length);
      assert.equal(decodeUtf8(right, 0, right.length), decoded(right));
      if (point > 0x10000) point += 100;
    }
    const odd = [0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf];
    odd.push(0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
    for (const a of odd.slice(6))
      for (const b of odd)
        for (const c of odd) {
          const some = Uint8Array.of(a, b, c, b);
          for (let end = 1; end <= 4; end++)
            assert.equal(decodeUtf8(some, 0, end), decoded(some.subarray(0, end)), `${[a, b, c, b]}, ${end}`);
        }
  });
});

describe("a host's methods", () => {
  const methods = Buffer.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
  const good = {
    latin1Slice: methods["latin1Slice"],
    utf8Slice: methods["utf8Slice"],
    utf8Write: methods["utf8Write"],
  };

  it("are used where they do what our loop does", () => {
    assert.ok(textWays({ Buffer: { prototype: good } }).methods);
  });

  it("are not where one is missing, throws, or writes more or other bytes", () => {
    const write = good.utf8Write as (text: string, at: number, limit: number) => number;
    const wrong: Record<string, unknown>[] = [
      { latin1Slice: undefined },
      { utf8Slice: 5 },
      { utf8Write: undefined },
      {
        utf8Write: () => {
          throw new TypeError("no shared memory");
        },
      },
      {
        utf8Write(this: Uint8Array, given: string, at: number, most: number) {
          return write.call(this, given, at, most + 1);
        },
      },
      {
        utf8Write(this: Uint8Array, given: string, at: number, most: number) {
          return write.call(this, given.replaceAll(/[\ud800-\udfff]/gu, "?"), at, most);
        },
      },
      {
        utf8Write(this: Uint8Array, given: string, at: number, most: number) {
          this[at + most] = 0xff;
          return write.call(this, given, at, most);
        },
      },
    ];
    for (const one of wrong)
      assert.equal(textWays({ Buffer: { prototype: { ...good, ...one } } }).methods, undefined);
    assert.equal(textWays({ Buffer: {} }).methods, undefined);
  });
});
