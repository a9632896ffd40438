// The replay itself, over allocators that are right, and that are wrong in known ways.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { prepareStream, readTrace, type Stream } from "offheap-cli";
import { type Run, type RunOptions, replay } from "#src/replay/replay.js";
import { churn, Files, freesOfTheRest, logLines, logText, type Step } from "./fixtures/logs.ts";

const files = new Files();
after(() => files.remove());

async function streamOf(steps: readonly Step[]): Promise<Stream> {
  const path = files.write("log", logText(logLines(steps)));
  return prepareStream(await readTrace(path), { limitBytes: 8192 });
}

function adapter(name: string): URL {
  return new URL(`./fixtures/${name}-adapter.js`, import.meta.url);
}

function run(stream: Stream, name: string, options: Partial<RunOptions> = {}): Promise<Run> {
  const defaults = {
    workers: 2,
    passes: 3,
    capacityBytes: 2 ** 26,
    classes: "powersOfTwo",
    verify: true,
  } as const;
  return replay(stream, { ...defaults, adapterUrl: adapter(name), ...options });
}

describe("over a sound allocator", () => {
  for (const workers of [1, 2]) {
    it(`finds every fill kept and nothing left, with ${workers} at once`, async () => {
      const stream = await streamOf(churn(70_000, { reallocate: true })); // more than one stride
      const result = await run(stream, "sound", { workers });
      assert.deepEqual([result.fillViolations, result.heapViolations], [[], []]);
      assert.equal(result.passNs.length, 3);
      assert.ok(result.passNs.flat().every((ns) => ns > 0) && result.passNs.flat().length === 3 * workers);
      assert.ok(result.firstPassNs && result.steadyMedianNs);
      assert.ok(result.space);
      assert.equal(result.space.peakLiveBytes, stream.peakLiveBytes * workers);
    });
  }

  it("looks at the heap when all workers hold the most at once", async () => {
    // Slots of multiples of 8: what is live at the peak is known from the steps alone.
    const sizes = [1, 8, 9, 100, 1000];
    const steps: Step[] = [
      ...sizes.map((size, i): Step => ({ do: "allocate", address: 0x1000 * (i + 1), size })),
      { do: "free", address: 0x5000 },
      { do: "allocate", address: 0x9000, size: 5 },
    ];
    const { space } = await run(await streamOf(steps), "sound", { workers: 2 });
    assert.ok(space);
    assert.equal(space.peakLiveBytes, 2 * (1 + 8 + 9 + 100 + 1000));
    assert.equal(space.slotBytesAtPeak, 2 * (8 + 8 + 16 + 104 + 1000));
    assert.equal(space.classesAtPeak[0].live, 10);
    assert.equal(space.internalFragmentation, space.slotBytesAtPeak / space.peakLiveBytes);
    assert.equal(space.footprintRatio, space.footprintBytes / space.peakLiveBytes);
  });

  it("reports progress up to the end", async () => {
    const stream = await streamOf(churn(2000));
    const seen: [number, number][] = [];
    await run(stream, "sound", { onProgress: (done, total) => seen.push([done, total]) });
    assert.deepEqual(seen.at(-1), [2000 * 7 * 2, 2000 * 7 * 2]);
  });

  it("replays a stream without operations", async () => {
    const result = await run(await streamOf([]), "sound");
    assert.deepEqual([result.passNs, result.firstPassNs, result.heapViolations], [[], undefined, []]);
  });
});

describe("the verification can fail", () => {
  it("in a checked pass, when two objects begin at one address", async () => {
    // Nothing is left at the end of a pass, where timed ones look, too.
    const steps = churn(2000);
    const result = await run(await streamOf([...steps, ...freesOfTheRest(steps)]), "overlapping");
    assert.ok(result.fillViolations.length > 0);
    assert.ok(
      result.fillViolations.every(({ pass, from, to }) => pass === "checked" && from === 0 && to > 2000),
    );
  });

  it("in the thorough pass, when only the last word of an object is shared", async () => {
    const result = await run(await streamOf(churn(2000)), "overlapping-tail");
    assert.ok(result.fillViolations.length > 0);
    assert.ok(
      result.fillViolations.every(({ pass, address }) => pass === "thorough" && address !== undefined),
    );
    assert.equal(result.passNs.length, 3, "the others saw nothing");
  });

  it("at the end of a timed pass, and in the thorough one, without checked passes", async () => {
    const steps = churn(2000);
    const left = await run(await streamOf(steps), "overlapping", { verify: false });
    assert.ok(left.fillViolations.length > 0 && left.fillViolations.every(({ pass }) => pass === "timed"));
    const freed = await run(await streamOf([...steps, ...freesOfTheRest(steps)]), "overlapping", {
      verify: false,
    });
    assert.ok(
      freed.fillViolations.length > 0 && freed.fillViolations.every(({ pass }) => pass === "thorough"),
    );
  });

  it("when the books are wrong and the objects are not", async () => {
    const { fillViolations, heapViolations } = await run(await streamOf(churn(500)), "unsound-books");
    assert.deepEqual(fillViolations, []);
    assert.deepEqual(heapViolations, [
      "at the peak: a slot is in two lists",
      "1 objects are live after all of them were freed",
      "at the end: a slot is in two lists",
    ]);
  });
});

describe("a worker that fails", () => {
  it("fails the run with the allocator's own code when it throws", async () => {
    await assert.rejects(run(await streamOf(churn(500)), "throwing"), {
      code: "ERR_OUT_OF_MEMORY",
      message: /worker [01]: ERR_OUT_OF_MEMORY: no slab can be had/,
    });
  });

  it("fails the run when it ends without a word", async () => {
    await assert.rejects(run(await streamOf(churn(500)), "dying"), {
      code: "ERR_WORKER_DIED",
      message: /code 7/,
    });
  });

  it("fails the run when it cannot even start", async () => {
    await assert.rejects(run(await streamOf(churn(500)), "no-such"), { code: "ERR_MODULE_NOT_FOUND" });
  });
});

describe("an interruption", () => {
  it("stops the workers in the middle of a pass", async () => {
    const stream = await streamOf(churn(100_000));
    const interruption = new AbortController();
    const running = run(stream, "sound", {
      passes: 1_000_000,
      signal: interruption.signal,
      onProgress: (done) => done > 0 && interruption.abort(),
    });
    await assert.rejects(running, { name: "AbortError" });
  });

  it("before the start lets nothing start", async () => {
    await assert.rejects(run(await streamOf(churn(10)), "sound", { signal: AbortSignal.abort() }), {
      name: "AbortError",
    });
  });
});
