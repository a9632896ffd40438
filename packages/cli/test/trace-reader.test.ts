// Reading logs: every form of a record, and everything that can be wrong with a file.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import { CliError, readTrace, type Trace } from "offheap-cli";
import { churn, Files, logLines, logText } from "./fixtures/logs.ts";

const files = new Files();
after(() => files.remove());

async function read(content: string | Uint8Array): Promise<Trace> {
  return readTrace(files.write("log.mtrace", content));
}

function operations({ objects, sizes }: Trace): [object: number, size: number][] {
  return Array.from(objects, (object, i) => [object, sizes[i]]);
}

describe("the forms of a record", () => {
  const callers = {
    "no caller": "@ ",
    "nothing before the sign": "",
    "an address alone": "@ [0x7f00deadbeef] ",
    "a program": "@ ./prog:[0x4005] ",
    "a program and a function": "@ ./prog:(main+0x12)[0x4005] ",
    "a path with spaces": "@ /opt/my programs/a - b:(f+0x1)[0x4005] ",
  };
  for (const [what, caller] of Object.entries(callers)) {
    it(`reads lines with ${what} before the sign`, async () => {
      const lines = ["+ 0x10 0x8", "+ 0x20 0x30", "- 0x10", "< 0x20", "> 0x10 0x40", "- 0x10"];
      const trace = await read(logText(lines.map((line) => caller + line)));
      assert.deepEqual(operations(trace), [
        [0, 8],
        [1, 48],
        [0, 0],
        [1, -64],
        [1, 0],
      ]);
      assert.deepEqual([trace.allocations, trace.frees, trace.reallocations, trace.liveAtEnd], [2, 2, 1, 0]);
      assert.equal(trace.problems.malformedLines.count, 0);
      assert.equal(trace.problems.truncated, undefined);
    });
  }

  it("takes a request of zero bytes as one byte, also in a reallocation", async () => {
    const trace = await read(logText(["@ + 0x10 0", "@ + 0x20 0x0", "@ < 0x10", "@ > 0x10 0"]));
    assert.deepEqual(operations(trace), [
      [0, 1],
      [1, 1],
      [0, -1],
    ]);
    assert.equal(trace.problems.zeroByteRequests, 3);
  });

  it("leaves out requests that failed, and free(NULL)", async () => {
    const trace = await read(
      logText(["@ + 0x10 0x8", "@ ! 0x10 0xffffffffffffffff", "@ + (nil) 0x99", "@ - (nil)", "@ - 0x10"]),
    );
    assert.deepEqual(operations(trace), [
      [0, 8],
      [0, 0],
    ]);
    assert.equal(trace.problems.failedRequests, 2);
    assert.equal(trace.problems.unknownFrees.count, 0);
  });

  it("keeps a size whole, however large it is", async () => {
    const sizes = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 64 - 2 ** 11];
    const lines = sizes.map((size, i) => `@ + 0x${i + 1}0 0x${size.toString(16)}`);
    const trace = await read(logText(["@ + 0x990 0x8", ...lines, "@ < 0x990", "@ > 0x990 0x100000001"]));
    assert.deepEqual(Array.from(trace.sizes), [8, ...sizes, -(2 ** 32 + 1)]);
    assert.deepEqual(Array.from(trace.objects), [0, 1, 2, 3, 4, 5, 6, 0]);
  });

  it("takes 4 bytes for a size where none is over 2^31 - 1", async () => {
    assert.ok((await read(logText(["@ + 0x10 0x7fffffff"]))).sizes instanceof Int32Array);
  });

  it("tells 64-bit addresses apart by every one of their bits", async () => {
    const addresses = Array.from({ length: 64 }, (_, bit) => 0xb400_0071_2345_6780n ^ (1n << BigInt(bit)));
    addresses.push(0xb400_0071_2345_6780n, 0xffff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 1n);
    const allocations = addresses.map(
      (address, i) => `@ + 0x${address.toString(16)} 0x${(i + 1).toString(16)}`,
    );
    const frees = addresses.map((address) => `@ - 0x${address.toString(16)}`).reverse();
    const trace = await read(logText([...allocations, ...frees]));
    assert.deepEqual([trace.problems.malformedLines.count, trace.problems.missingFrees.count], [0, 0]);
    assert.deepEqual(Array.from(trace.objects.subarray(addresses.length)), [...addresses.keys()].reverse());
    assert.equal(trace.liveAtEnd, 0);
  });

  it("names an address in full", async () => {
    const { unknownFrees } = (await read(logText(["@ - 0xb400007123456789"]))).problems;
    assert.deepEqual(unknownFrees.first, [{ line: 2, reason: "0xb400007123456789 was not live" }]);
  });

  it("gives an address that is used again to a new object", async () => {
    const trace = await read(logText(["@ + 0x10 0x8", "@ - 0x10", "@ + 0x10 0x9", "@ - 0x10"]));
    assert.deepEqual(operations(trace), [
      [0, 8],
      [0, 0],
      [1, 9],
      [1, 0],
    ]);
  });

  it("reads lines that end with a carriage return, and several logs in one file", async () => {
    const once = "= Start\r\n@ + 0x10 0x8\r\n@ - 0x10\r\n= End\r\n";
    const trace = await read(once + once);
    assert.equal(trace.operations, 4);
    assert.deepEqual([trace.problems.malformedLines.count, trace.problems.truncated], [0, undefined]);
  });
});

describe("plain or gzip", () => {
  const text = logText(logLines(churn(20_000, { reallocate: true })));

  it("is told by the content, not by the name", async () => {
    const plain = await readTrace(files.write("plain.gz", text));
    const zipped = await readTrace(files.write("zipped.txt", gzipSync(text)));
    assert.equal(plain.operations, 20_000);
    assert.deepEqual(zipped.objects, plain.objects);
    assert.deepEqual(zipped.sizes, plain.sizes);
  });

  it("reads gzip files that were put one after the other", async () => {
    const trace = await read(
      Buffer.concat([gzipSync("= Start\n@ + 0x10 0x8\n"), gzipSync("@ - 0x10\n= End\n")]),
    );
    assert.deepEqual([trace.operations, trace.problems.truncated], [2, undefined]);
  });

  it("names the trace after the file", async () => {
    assert.equal((await readTrace(files.write("lua.mtrace.gz", gzipSync(text)))).name, "lua");
    assert.equal((await readTrace(files.write("a.b.log", text))).name, "a.b");
  });

  it("reports its progress in bytes of the file", async () => {
    const path = files.write("progress", text);
    const seen: number[] = [];
    await readTrace(path, { onProgress: (bytes, size) => seen.push(bytes, size) });
    assert.deepEqual(seen.slice(-2), [text.length, text.length]);
    assert.ok(seen.length > 2, "more than one piece");
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(readTrace(files.write("stopped", text), { signal }), { name: "AbortError" });
  });
});

describe("malformed lines", () => {
  it("are counted and reported with their number, and the rest is read", async () => {
    const bad = {
      "@ + 0x10": /no mtrace record/,
      "@ + 0xzz 0x8": /address is no hexadecimal/,
      "@ + 0x20 8": /size is no hexadecimal/,
      "@ - 0x": /address is no hexadecimal/,
      "@ * 0x20 0x8": /no mtrace record/,
      "x + 0x20 0x8": /no mtrace record/,
      "@caller - 0x10": /no mtrace record/,
      "= Middle": /neither/,
      "@ + 0x12345678123456781 0x8": /address is no hexadecimal/,
      "@ + 0xg0000000000000 0x8": /address is no hexadecimal/,
      "\u0000\u0001": /no mtrace record/,
    };
    const trace = await read(logText(["@ + 0x10 0x8", ...Object.keys(bad), "", "@ - 0x10"]));
    assert.equal(trace.operations, 2);
    assert.equal(trace.problems.malformedLines.count, Object.keys(bad).length);
    const reasons = Object.values(bad);
    for (const [i, { line, reason }] of trace.problems.malformedLines.first.entries()) {
      assert.equal(line, i + 3); // after `= Start` and the first record
      assert.match(reason, reasons[i]);
    }
  });

  it("keeps the first ten and counts the others", async () => {
    const { malformedLines } = (await read(logText(Array(25).fill("?")))).problems;
    assert.equal(malformedLines.count, 25);
    assert.deepEqual(
      malformedLines.first.map(({ line }) => line),
      [2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    );
  });

  it("takes halves of a reallocation as a free and an allocation", async () => {
    const trace = await read(logText(["@ + 0x10 0x8", "@ < 0x10", "@ + 0x20 0x9", "@ > 0x30 0xa"]));
    assert.deepEqual(operations(trace), [
      [0, 8],
      [0, 0],
      [1, 9],
      [2, 10],
    ]);
    assert.deepEqual(
      trace.problems.malformedLines.first.map(({ line }) => line),
      [3, 5],
    );
  });

  it("is not filled up by a line that never ends", async () => {
    const trace = await read(`= Start\n@ + 0x10 0x8\n${"x".repeat(1_000_000)}\n@ - 0x10\n= End\n`);
    assert.equal(trace.operations, 2);
    assert.deepEqual(trace.problems.malformedLines, {
      count: 1,
      first: [{ line: 3, reason: "longer than any record" }],
    });
  });
});

describe("addresses that cannot be", () => {
  it("counts frees of unknown addresses and leaves them out", async () => {
    const trace = await read(logText(["@ - 0xabc", "@ + 0x10 0x8", "@ - 0x10", "@ - 0x10"]));
    assert.equal(trace.operations, 2);
    const { count, first } = trace.problems.unknownFrees;
    assert.equal(count, 2);
    assert.deepEqual(first, [
      { line: 2, reason: "0xabc was not live" },
      { line: 5, reason: "0x10 was not live" },
    ]);
  });

  it("allocates where an unknown address is reallocated", async () => {
    const trace = await read(logText(["@ < 0xabc", "@ > 0x10 0x8", "@ - 0x10"]));
    assert.deepEqual(operations(trace), [
      [0, 8],
      [0, 0],
    ]);
    assert.equal(trace.problems.unknownFrees.count, 1);
  });

  it("frees an object whose address is given out again", async () => {
    const trace = await read(
      logText(["@ + 0x10 0x8", "@ + 0x20 0x8", "@ + 0x10 0x9", "@ < 0x10", "@ > 0x20 0xa"]),
    );
    assert.deepEqual(operations(trace), [
      [0, 8],
      [1, 8],
      [0, 0],
      [2, 9],
      [1, 0],
      [2, -10],
    ]);
    assert.deepEqual(
      trace.problems.missingFrees.first.map(({ line }) => line),
      [4, 6],
    );
  });
});

describe("a truncated file", () => {
  const steps = churn(5000);
  const lines = logLines(steps);

  it("is read up to the last whole line", async () => {
    const text = logText(lines);
    const trace = await read(text.slice(0, text.indexOf(lines[3000]) + lines[3000].length - 1));
    assert.equal(trace.operations, 3000);
    assert.match(trace.problems.truncated ?? "", /line 3002 ends without a newline/);
    assert.equal(trace.problems.malformedLines.count, 0);
  });

  it("is noticed when it ends with a whole line", async () => {
    const trace = await read(["= Start", ...lines, ""].join("\n"));
    assert.equal(trace.operations, 5000);
    assert.match(trace.problems.truncated ?? "", /without `= End`/);
  });

  it("is not truncated only because the last newline is missing after `= End`", async () => {
    assert.equal((await read(logText(lines).trimEnd())).problems.truncated, undefined);
  });

  it("is noticed inside a reallocation, which is then left out", async () => {
    const trace = await read("= Start\n@ + 0x10 0x8\n@ < 0x10\n");
    assert.match(trace.problems.truncated ?? "", /inside the reallocation of line 3/);
    assert.deepEqual(operations(trace), [[0, 8]]);
  });

  it("is read as far as a gzip stream goes that is cut off", async () => {
    const zipped = gzipSync(logText(lines));
    for (const share of [0.1, 0.5, 0.9]) {
      const trace = await read(zipped.subarray(0, zipped.length * share));
      const length = Math.floor(zipped.length * share);
      assert.equal(trace.problems.truncated, `the gzip stream ends early at byte ${length}`);
      assert.equal(trace.problems.cutAtByte, length);
      assert.ok(
        trace.operations > 5000 * (share - 0.1) && trace.operations < 5000,
        `${trace.operations} at ${share}`,
      );
    }
  });

  it("is whole when only the gzip trailer is cut off, and says so all the same", async () => {
    const zipped = gzipSync(logText(lines));
    const trace = await read(zipped.subarray(0, -4));
    assert.equal(trace.operations, 5000);
    assert.equal(trace.problems.truncated, `the gzip stream ends early at byte ${zipped.length - 4}`);
  });

  it("is read up to damage in the gzip stream, to the last record before it", async () => {
    for (const operations of [300, 200_000]) {
      const text = logText(logLines(churn(operations)));
      const damaged = gzipSync(text);
      const from = damaged.length >> 1;
      damaged.fill(0xff, from, from + 64);
      const { problems, objects } = await read(damaged);
      assert.match(problems.truncated ?? "", /^the gzip stream is damaged at byte \d+ \(.+\)$/);
      assert.ok(problems.cutAtByte !== undefined && problems.cutAtByte >= from);
      const before = gunzipSync(damaged.subarray(0, from), { finishFlush: constants.Z_SYNC_FLUSH });
      const records = before.toString("latin1").split("\n").length - 2; // less `= Start`, and the rest of a line
      assert.ok(records > operations / 4 && objects.length >= records, `${objects.length} of ${records}`);
    }
  });
});

describe("a file that is no trace", () => {
  const isError = (code: string) => (error: unknown) => error instanceof CliError && error.code === code;

  it("is an error when not one record is in it", async () => {
    for (const content of [
      "",
      "hello\nworld\n",
      gzipSync("hello\n"),
      "\u001f\u008b",
      new Uint8Array([0x1f, 0x8b]),
    ]) {
      await assert.rejects(read(content), isError("ERR_NOT_A_TRACE"));
    }
  });

  it("says so with the damage that may be the cause", async () => {
    const message = /not one record of an mtrace log in it \(the gzip stream ends early at byte 12\)$/;
    await assert.rejects(read(gzipSync("= Start\n").subarray(0, 12)), { message });
  });

  it("is none when it can be read and holds no operation", async () => {
    assert.equal((await read("= Start\n= End\n")).operations, 0);
  });

  it("is unreadable when it is not there, or a folder", async () => {
    await assert.rejects(readTrace(`${files.folder}/nothing`), isError("ERR_UNREADABLE_TRACE"));
    await assert.rejects(readTrace(files.folder), isError("ERR_UNREADABLE_TRACE"));
  });
});
