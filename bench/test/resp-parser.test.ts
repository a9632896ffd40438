// The parser of the cache server's example: whatever pieces the bytes come in, it finds the same requests.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random, runSeed } from "offheap-tools";

interface Parser {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly next: number;
  readonly error: string;
  readonly resumeAt: number;
  readonly remaining: number;
  readonly needed: number;
  parse(bytes: Uint8Array, from: number, to: number): number;
  resume(bytes: Uint8Array, from: number, to: number, resumeAt: number, remaining: number): number;
}

interface ParserModule {
  readonly COMPLETE: number;
  readonly INCOMPLETE: number;
  readonly WRONG: number;
  readonly Parser: new (limits?: { maxBulkBytes?: number; maxArguments?: number }) => Parser;
}

const path = new URL("../../examples/cache-server/parser.mjs", import.meta.url).href;
const { COMPLETE, INCOMPLETE, WRONG, Parser } = (await import(path)) as ParserModule;
const seed = runSeed();

type Words = readonly Buffer[];

const encoded = (words: Words): Buffer =>
  Buffer.concat([
    Buffer.from(`*${words.length}\r\n`),
    ...words.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from("\r\n")]),
  ]);

/** Words of any bytes, line ends and marks among them. */
function someWords(random: Random): Words {
  return Array.from({ length: 1 + random.below(5) }, () =>
    Buffer.from(
      Array.from({ length: random.below(12) }, () => [13, 10, 36, 42, random.below(256)][random.below(5)]),
    ),
  );
}

const found = (parser: Parser, bytes: Uint8Array): Words =>
  Array.from({ length: parser.count }, (_, i) =>
    Buffer.from(bytes.subarray(parser.starts[i], parser.ends[i])),
  );

/** Requests in bytes that come in pieces. After a half request nothing is looked at before what it needs is there. */
function requestsIn(parser: Parser, bytes: Buffer, cuts: readonly number[]): Words[] {
  const requests: Words[] = [];
  let from = 0;
  let half = { needed: 0, resumeAt: 0, remaining: -1 };
  for (const to of [...cuts, bytes.length]) {
    while (from < to && to - from >= half.needed) {
      const { resumeAt, remaining } = half;
      const state =
        resumeAt > 0 ? parser.resume(bytes, from, to, resumeAt, remaining) : parser.parse(bytes, from, to);
      assert.notEqual(state, WRONG, parser.error);
      if (state === INCOMPLETE) {
        assert.ok(parser.needed > to - from, "a half request needs more than there is");
        half = { needed: parser.needed, resumeAt: parser.resumeAt, remaining: parser.remaining };
        break;
      }
      if (resumeAt > 0) assert.equal(parser.parse(bytes, from, to), COMPLETE);
      requests.push(found(parser, bytes));
      from = parser.next;
      half = { needed: 0, resumeAt: 0, remaining: -1 };
    }
  }
  assert.equal(from, bytes.length);
  return requests;
}

describe(`the parser of RESP2, seed ${seed}`, () => {
  it("finds the same requests, wherever their bytes are cut in two", () => {
    const random = new Random(seed);
    for (let round = 0; round < 20; round++) {
      const requests = Array.from({ length: 4 }, () => someWords(random));
      const bytes = Buffer.concat([...requests.map(encoded), Buffer.from("GET  inline\r\n")]);
      const wanted = [...requests, [Buffer.from("GET"), Buffer.from("inline")]];
      for (let cut = 0; cut <= bytes.length; cut++)
        assert.deepEqual(requestsIn(new Parser(), bytes, [cut]), wanted, `cut at ${cut} of ${bytes}`);
    }
  });

  it("finds the same requests in pieces of any lengths, of one byte too", () => {
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const requests = Array.from({ length: 1 + random.below(6) }, () => someWords(random));
      const bytes = Buffer.concat(requests.map(encoded));
      const longest = 1 + random.below(9);
      const cuts: number[] = [];
      for (let at = 0; at < bytes.length; at += 1 + random.below(longest)) cuts.push(at);
      assert.deepEqual(requestsIn(new Parser(), bytes, cuts), requests);
    }
  });

  it("refuses damaged bytes, or finds requests in them: it ends, and reads nothing behind", () => {
    const random = new Random(seed);
    let refused = 0;
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.concat([encoded(someWords(random)), encoded(someWords(random))]);
      for (let i = 0; i <= random.below(3); i++) bytes[random.below(bytes.length)] = random.below(256);
      const parser = new Parser();
      let from = 0;
      for (;;) {
        const state = parser.parse(bytes, from, bytes.length);
        if (state !== COMPLETE) {
          if (state === WRONG) refused++;
          break;
        }
        assert.ok(parser.next > from && parser.next <= bytes.length);
        for (let i = 0; i < parser.count; i++)
          assert.ok(
            from <= parser.starts[i] && parser.starts[i] <= parser.ends[i] && parser.ends[i] <= parser.next,
          );
        from = parser.next;
        if (from === bytes.length) break;
      }
    }
    assert.ok(refused > 500, `${refused} refused`);
  });

  const wrong: [string, string, { maxBulkBytes?: number; maxArguments?: number }?][] = [
    ["*1\r\n:1\r\n", "expected '$', got ':'"],
    ["*1\r\n\x01", "expected '$', got '?'"],
    ["*1\r\n$-1\r\n", "invalid bulk length"],
    ["*1\r\n$x\r\n", "invalid bulk length"],
    ["*1\r\n$\r\n\r\n", "invalid bulk length"],
    ["*1\r\n$11\r\n", "invalid bulk length", { maxBulkBytes: 10 }],
    ["*1\r\n$99999999999999999999\r\n", "invalid bulk length"],
    [`*1\r\n$${"1".repeat(40)}`, "invalid bulk length"],
    ["*4\r\n", "invalid multibulk length", { maxArguments: 3 }],
    ["*1x\r\n", "invalid multibulk length"],
    ["*1\n\n", "invalid multibulk length"],
    ["*1\r\n$1\r\nab\r\n", "a bulk is longer than its length"],
    ["x".repeat(65_536), "too big inline request"],
  ];
  for (const [text, error, limits] of wrong)
    it(`says of ${JSON.stringify(text.slice(0, 24))}: ${error}`, () => {
      const parser = new Parser(limits);
      const bytes = Buffer.from(text, "latin1");
      assert.equal(parser.parse(bytes, 0, bytes.length), WRONG);
      assert.equal(parser.error, `ERR Protocol error: ${error}`);
    });

  it("takes an empty request, and an empty line, for none", () => {
    for (const text of ["*0\r\n", "*-1\r\n", "\r\n", "\n", "   \r\n"]) {
      const parser = new Parser();
      assert.equal(parser.parse(Buffer.from(text), 0, text.length), COMPLETE, JSON.stringify(text));
      assert.deepEqual([parser.count, parser.next], [0, text.length]);
    }
  });

  it("looks at each byte twice at most, however small the pieces", () => {
    const words = Array.from({ length: 2000 }, (_, i) => Buffer.from(`${i}`));
    const bytes = encoded(words);
    let reads = 0;
    const counted = new Proxy(bytes, {
      get(target, key) {
        if (typeof key === "string" && /^\d+$/.test(key)) reads++;
        return Reflect.get(target, key, target) as unknown;
      },
    });
    const parser = new Parser();
    let half = { needed: 0, resumeAt: 0, remaining: -1 };
    for (let to = 1; to <= bytes.length; to++) {
      if (to < half.needed) continue;
      const state =
        half.resumeAt > 0
          ? parser.resume(counted, 0, to, half.resumeAt, half.remaining)
          : parser.parse(counted, 0, to);
      assert.equal(state, to === bytes.length ? COMPLETE : INCOMPLETE);
      half = { needed: parser.needed, resumeAt: parser.resumeAt, remaining: parser.remaining };
    }
    // A header that is cut is read again from its start: at most its own few bytes, for each of them.
    assert.ok(reads < 12 * bytes.length, `${reads} reads of ${bytes.length} bytes`);
  });
});
