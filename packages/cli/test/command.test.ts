// The command as its users have it: a process, its output, its exit code.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { json, offheap } from "./fixtures/command.ts";
import { churn, Files, logLines, logText } from "./fixtures/logs.ts";

const files = new Files();
after(() => files.remove());

const steps = churn(3000, { reallocate: true });
const lines = logLines(steps);
const small = files.write("small.mtrace.gz", gzipSync(logText(lines)));

describe("offheap replay", () => {
  it("prints a section for each trace and a table of all, and nothing else in a pipe", async () => {
    const { code, stdout, stderr } = await offheap([
      "replay",
      small,
      small,
      "--workers",
      "2",
      "--passes",
      "3",
    ]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "", "no progress bar");
    assert.ok(!stdout.includes("\u001b"), "no colours and no cursor");
    assert.equal(stdout.match(/^small {2}\(/gm)?.length, 2);
    for (const expected of [
      /3,000 operations: [\d,]+ allocations, [\d,]+ frees, [\d,]+ reallocations/,
      /no request passed over/,
      /first pass, an operation +[\d.]+ ns/,
      /steady median, an operation +[\d.]+ ns/,
      /each object read before its free +[\d.]+ ns/,
      /peak live bytes +[\d.]+ KiB/,
      /footprint +[\d.]+ [KM]iB/,
      /footprint \/ peak +[\d.]+/,
      /internal fragmentation +1\.\d+/,
      /object size +slabs +live +cached +free/,
      /fill of every object +kept/,
      /check\(\) +\[\]/,
    ]) {
      assert.match(stdout, expected);
    }
  });

  it("prints one JSON document with --json, one run for each number of workers", async () => {
    const report = await json(["replay", small, "--workers", "1,2", "--passes", "3", "--capacity", "64MiB"]);
    assert.deepEqual(
      [report.code, report.stderr, report.ok, report.format],
      [0, "", true, "offheap-replay-1"],
    );
    const [{ name, error, replayed, runs }] = report.traces;
    assert.deepEqual(report.options, {
      allocator: "pool",
      workers: [1, 2],
      passes: 3,
      capacityBytes: 2 ** 26,
      classes: "fine",
      verify: true,
      limitBytes: replayed.passedOver.limitBytes,
    });
    assert.ok(replayed.passedOver.limitBytes > 2 ** 26 * 0.8 && replayed.passedOver.limitBytes < 2 ** 26);
    assert.deepEqual([name, error, replayed.operations], ["small", null, 3000]);
    assert.deepEqual(
      runs.map(({ workers }) => workers),
      [1, 2],
    );
    for (const { workers, passNs, space, fillViolations, heapViolations, ok } of runs) {
      assert.deepEqual([passNs.length, passNs[0].length], [3, workers]);
      assert.deepEqual([ok, fillViolations, heapViolations], [true, [], []]);
      assert.equal(space["peakLiveBytes"], replayed.peakLiveBytes * workers);
      assert.ok(space["footprintBytes"] >= space["slotBytesAtPeak"]);
      assert.ok(space["slotBytesAtPeak"] >= space["peakLiveBytes"]);
    }
  });

  it("has the peak's objects in the slabs of their classes", async () => {
    const classes = [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];
    const requests = [1, 8, 9, 100, 100, 1000, 8192];
    const path = files.write(
      "classes",
      logText(requests.map((size, i) => `@ + 0x${i + 1}0 0x${size.toString(16)}`)),
    );
    const [{ runs }] = (
      await json(["replay", path, "--workers", "2", "--passes", "2", "--allocator", "slab"])
    ).traces;
    const slotOf = (size: number) => classes.find((slot) => slot >= size) ?? 0;
    assert.equal(
      runs[0].space["slotBytesAtPeak"],
      2 * requests.reduce((total, size) => total + slotOf(size), 0),
    );
    const live = new Map(runs[0].space.classesAtPeak.map((each) => [each.objectSize, each.live]));
    for (const size of requests) {
      assert.equal(
        live.get(slotOf(size)),
        2 * requests.filter((other) => slotOf(other) === slotOf(size)).length,
      );
    }
  });

  it("replays with the classes of the allocator or those that are named, and without checked passes", async () => {
    for (const [allocator, named, classes] of [
      ["slab", [], "powersOfTwo"],
      ["slab", ["--classes", "fine"], "fine"],
      ["pool", [], "fine"],
      ["pool", ["--classes", "powersOfTwo"], "powersOfTwo"],
    ] as const) {
      const options = ["--allocator", allocator, ...named, "--no-verify", "--passes", "2"];
      const report = await json(["replay", small, ...options]);
      assert.deepEqual(
        [report.code, report.options["classes"], report.options["verify"]],
        [0, classes, false],
      );
    }
  });

  const large = files.write(
    "large",
    logText([
      "@ + 0x10 0x2000",
      "@ + 0x20 0x2001",
      "@ - 0x20",
      "@ < 0x10",
      "@ > 0x10 0x100000",
      "@ + 0x30 0x9000",
    ]),
  );

  it("serves every request, whatever its size", async () => {
    const { stdout, code } = await offheap(["replay", large, "--workers", "2", "--passes", "2"]);
    assert.equal(code, 0);
    assert.match(stdout, /no request passed over/);
    assert.match(stdout, /and 4 larger objects in 2\.\d+ MiB/);
    const [{ replayed, runs }] = (await json(["replay", large, "--passes", "2"])).traces;
    const { limitBytes, ...passedOver } = replayed.passedOver;
    assert.ok(limitBytes > 2 ** 30 * 0.8 && limitBytes < 2 ** 30);
    assert.deepEqual(passedOver, { requests: 0, operations: 0, largestBytes: 0, beyondAnyHeap: 0 });
    const { largeAtPeak, peakLiveBytes } = runs[0].space;
    assert.equal(peakLiveBytes, 0x100000 + 0x9000);
    assert.equal(largeAtPeak.objects, 2);
    assert.ok(largeAtPeak.bytes >= peakLiveBytes && largeAtPeak.bytes < peakLiveBytes * 1.25);
  });

  it("passes over requests above 8 KiB with --allocator slab, and says so", async () => {
    const { stdout, code } = await offheap(["replay", large, "--allocator", "slab"]);
    assert.match(
      stdout,
      /3 requests over 8 KiB passed over that --allocator pool serves \(the largest 1 MiB; 3 operations less\)/,
    );
    assert.equal(code, 0);
    const [{ replayed }] = (await json(["replay", large, "--allocator", "slab"])).traces;
    assert.deepEqual(replayed.passedOver, {
      limitBytes: 8192,
      requests: 3,
      operations: 3,
      largestBytes: 2 ** 20,
      beyondAnyHeap: 0,
    });
  });

  it("says what is wrong with a log, and replays the rest", async () => {
    const path = files.write(
      "cut",
      ["= Start", ...lines, "nonsense", "@ - 0x5", "@ + 0x7 0", "@ + 0x"].join("\n"),
    );
    const { stdout, code } = await offheap(["replay", path, "--passes", "2"]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /truncated: line \d+ ends without a newline and is left out; replayed as far as it goes/,
    );
    assert.match(stdout, /1 malformed line\n +line [\d,]+: no mtrace record/);
    assert.match(stdout, /1 free of an unknown address\n +line [\d,]+: 0x5 was not live/);
    assert.match(stdout, /1 request of zero bytes, taken as one byte/);
    const [{ trace }] = (await json(["replay", path, "--passes", "2"])).traces;
    assert.match(String(trace["truncated"]), /without a newline/);
    assert.equal(trace["operations"], 3001);
  });
});

describe("exit codes", () => {
  it("1 for a trace that cannot be read, after the others were replayed", async () => {
    const report = await json([
      "replay",
      "/no/such/trace",
      files.write("text", "hello\n"),
      small,
      "--passes",
      "2",
    ]);
    assert.equal(report.code, 1);
    assert.deepEqual(
      report.traces.map(({ error }) => error?.code),
      ["ERR_UNREADABLE_TRACE", "ERR_NOT_A_TRACE", undefined],
    );
    assert.match(report.stderr, /^offheap: \/no\/such\/trace: ENOENT.*\noffheap: .*text: not one record/);
    assert.equal(report.ok, false);
    assert.ok(report.traces[2].runs[0].ok);
  });

  it("3 for a trace that is damaged or cut off, which is replayed up to there", async () => {
    const zipped = gzipSync(logText(lines));
    const cut = files.write("cut.gz", zipped.subarray(0, zipped.length - 100));
    const byte = zipped.length - 100;
    const { code, stdout, stderr } = await offheap(["replay", small, cut, "--passes", "2"]);
    assert.equal(code, 3);
    assert.equal(stderr, `offheap: ${cut}: the gzip stream ends early at byte ${byte}\n`);
    assert.match(
      stdout,
      new RegExp(`truncated: the gzip stream ends early at byte ${byte}; replayed as far`),
    );
    assert.match(
      stdout,
      /Every object kept its fill.*\n1 trace of 2 damaged or cut off, replayed up to there\.\n/,
    );
    const report = await json(["replay", cut, "--passes", "2"]);
    const [{ trace, runs }] = report.traces;
    assert.deepEqual([report.code, report.ok, runs[0].ok], [3, false, true]);
    assert.equal(trace["cutAtByte"], byte);
    assert.equal(trace["truncated"], `the gzip stream ends early at byte ${byte}`);
    assert.ok(Number(trace["operations"]) > 2500);
    assert.equal((await json(["replay", small, "--passes", "2"])).traces[0].trace["cutAtByte"], null);
    const worse = await offheap(["replay", cut, "/no/such/trace", "--passes", "2"]);
    assert.equal(worse.code, 1);
  });

  it("1 when the heap is too small, with the allocator's code", async () => {
    const hog = logText(Array.from({ length: 4000 }, (_, i) => `@ + 0x${i + 1}0 0x2000`));
    const report = await json(["replay", files.write("hog", hog), "--capacity", "8MiB"]);
    assert.equal(report.code, 1);
    assert.match(report.stderr, /ERR_OUT_OF_MEMORY/);
  });

  it("2 for wrong usage, before anything is read", async () => {
    const wrong: [RegExp, ...string[]][] = [
      [/Usage: offheap/],
      [/unknown command 'play'/, "play"],
      [/missing required argument 'trace'/, "replay"],
      [/unknown option '--wrokers'/, "replay", small, "--wrokers", "2"],
      [/whole number from 1 to 125/, "replay", small, "--workers", "0"],
      [/whole number from 1 to 125/, "replay", small, "--workers", "two"],
      [/whole number from 2 to/, "replay", small, "--passes", "1"],
      [/up to 4GiB/, "replay", small, "--capacity", "5GiB"],
      [/Allowed choices are pool, slab/, "replay", small, "--allocator", "malloc"],
    ];
    for (const [message, ...args] of wrong) {
      const { code, stdout, stderr } = await offheap(args);
      assert.match(stderr, message);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    }
  });

  it("0 for help and version", async () => {
    assert.match((await offheap(["replay", "--help"])).stdout, /--workers <n>/);
    const { code, stdout } = await offheap(["--version"]);
    assert.deepEqual([code, stdout], [0, "0.1.0\n"]);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`130 after ${signal}, and a line that says how far it got`, async () => {
      // The trace that is not there makes the first output: by then the second is being replayed.
      const args = ["replay", "/no/such/trace", small, "--workers", "2", "--passes", "1000000"];
      const { code, stdout, stderr } = await offheap(args, (kill) => setTimeout(kill, 500, signal));
      assert.match(stderr, /^offheap: interrupted at small on 2 workers \(\d+ % done\)\n$/);
      assert.equal(code, 130);
      assert.ok(!stdout.includes("verdict"), "no summary of what was not finished");
    });
  }
});
