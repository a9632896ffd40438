// Random sequences of operations, written as logs and read back, against a model; then the prepared stream
// against the trace. A failure prints fast-check's seed.

import assert from "node:assert/strict";
import { after, it } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { prepareStream, readTrace, type Stream, type Trace } from "offheap-cli";
import { Files, logLines, logText, type Step } from "./fixtures/logs.ts";

const files = new Files();
after(() => files.remove());

const caller = fc.constantFrom("@ ", "", "@ ./prog:(fn+0x12)[0x4005] ", "@ [0x40] ");
const size = fc.oneof(
  fc.integer({ min: 0, max: 64 }),
  fc.integer({ min: 0, max: 20_000 }),
  { arbitrary: fc.maxSafeInteger().map(Math.abs), weight: 1 },
  { arbitrary: fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1), weight: 1 },
);
const choice = fc.record({
  what: fc.constantFrom("allocate", "free", "reallocate"),
  size,
  pick: fc.nat(),
  caller,
});

interface Story {
  readonly text: string;
  readonly operations: [object: number, size: number][];
}

/** Turns random choices into a log that a program could have written, and into what must be read from it. */
function story(choices: readonly { what: string; size: number; pick: number; caller: string }[]): Story {
  const live: { address: number; object: number }[] = [];
  const freed: number[] = [];
  const steps: Step[] = [];
  const operations: [number, number][] = [];
  let objects = 0;
  const place = () => freed.pop() ?? 0x5000_0000_0000 + 0x10 * (objects + steps.length);
  for (const { what, size, pick } of choices) {
    const bytes = Math.max(size, 1);
    const index = pick % Math.max(live.length, 1);
    if (what === "allocate" || live.length === 0) {
      const address = place();
      steps.push({ do: "allocate", address, size });
      operations.push([objects, bytes]);
      live.push({ address, object: objects++ });
    } else if (what === "free") {
      const [{ address, object }] = live.splice(index, 1);
      steps.push({ do: "free", address });
      operations.push([object, 0]);
      freed.push(address);
    } else {
      const { address: from, object } = live[index];
      const address = pick % 2 === 0 ? from : place();
      if (address !== from) freed.push(from);
      live[index] = { address, object };
      steps.push({ do: "reallocate", from, address, size });
      operations.push([object, -bytes]);
    }
  }
  return { text: logText(logLines(steps, (i) => choices[i].caller)), operations };
}

/** Walks a stream and says, for each operation of it, which object it is: two live objects never share a seat. */
function walk({ sizes, seats, seatCount }: Stream): { peak: number; peakAt: number; live: number[] } {
  const liveBytes = new Map<number, number>();
  let [now, peak, peakAt] = [0, 0, 0];
  for (let i = 0; i < sizes.length; i++) {
    const [size, seat] = [sizes[i], seats[i]];
    assert.ok(seat >= 0 && seat < seatCount);
    assert.equal(liveBytes.has(seat), size <= 0, "an allocation takes an empty seat, the others a taken one");
    now += Math.abs(size) - (liveBytes.get(seat) ?? 0);
    if (size === 0) liveBytes.delete(seat);
    else liveBytes.set(seat, Math.abs(size));
    if (now > peak) [peak, peakAt] = [now, i + 1];
  }
  return { peak, peakAt, live: [...liveBytes.keys()] };
}

/** The operations that a limit leaves, computed the slow way: with a set of the objects that are there. */
function withinLimit({ objects, sizes }: Trace, limit: number): [object: number, size: number][] {
  const there = new Set<number>();
  const left: [number, number][] = [];
  for (let i = 0; i < objects.length; i++) {
    const [object, bytes] = [objects[i], Math.abs(sizes[i])];
    const fits = bytes > 0 && bytes <= limit;
    const wasThere = there.delete(object);
    if (fits) there.add(object);
    if (fits) left.push([object, wasThere ? -bytes : bytes]);
    else if (wasThere) left.push([object, 0]);
  }
  return left;
}

it("reads back what was written, plain and gzip, however it is cut into pieces", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(choice, { maxLength: 300 }), fc.boolean(), async (choices, zip) => {
      const { text, operations } = story(choices);
      const trace = await readTrace(files.write("log", zip ? gzipSync(text) : text));
      assert.deepEqual(
        Array.from(trace.objects, (object, i) => [object, trace.sizes[i]]),
        operations,
      );
      assert.equal(trace.liveAtEnd, trace.allocations - trace.frees);
      const { malformedLines, unknownFrees, missingFrees, truncated } = trace.problems;
      assert.deepEqual(
        [malformedLines.count, unknownFrees.count, missingFrees.count, truncated],
        [0, 0, 0, undefined],
      );
    }),
    { numRuns: 100 },
  );
});

it("reads a prefix of the operations from a prefix of the text, and says that it is one", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(choice, { minLength: 5, maxLength: 60 }),
      fc.double({ min: 0.3, max: 0.95, noNaN: true }),
      async (choices, share) => {
        const { text, operations } = story(choices);
        const trace = await readTrace(files.write("prefix", text.slice(0, Math.floor(text.length * share))));
        assert.ok(trace.problems.truncated !== undefined);
        const got = Array.from(trace.objects, (object, i) => [object, trace.sizes[i]]);
        assert.deepEqual(got, operations.slice(0, got.length));
        assert.equal(trace.problems.malformedLines.count, 0);
      },
    ),
    { numRuns: 100 },
  );
});

it("prepares a stream that is the trace, less what is over the limit", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(choice, { maxLength: 300 }),
      fc.constantFrom(8, 100, 8192, 2 ** 32, Number.POSITIVE_INFINITY),
      async (choices, limitBytes) => {
        const trace = await readTrace(files.write("stream", story(choices).text));
        const stream = prepareStream(trace, { limitBytes });
        const expected = withinLimit(trace, limitBytes);
        assert.deepEqual(
          Array.from(stream.sizes),
          expected.map(([, size]) => size),
        );
        assert.equal(stream.operations, expected.length);
        assert.equal(stream.passedOver.operations, trace.operations - expected.length);
        assert.equal(
          stream.passedOver.beyondAnyHeap,
          trace.sizes.filter((size) => Math.abs(size) > Math.max(2 ** 32, limitBytes)).length,
        );
        assert.equal(
          stream.passedOver.requests,
          trace.sizes.filter((size) => Math.abs(size) > limitBytes).length,
        );

        const seatOf = new Map<number, number>();
        for (const [i, [object, size]] of expected.entries()) {
          if (size > 0) seatOf.set(object, stream.seats[i]);
          assert.equal(stream.seats[i], seatOf.get(object));
          if (size === 0) seatOf.delete(object);
        }
        const { peak, peakAt, live } = walk(stream);
        assert.deepEqual([stream.peakLiveBytes, stream.peakOperation], [peak, peakAt]);
        assert.deepEqual(Array.from(stream.seatsAtEnd).sort(), live.sort());
        assert.equal(stream.seatCount, stream.peakLiveObjects);
      },
    ),
    { numRuns: 100 },
  );
});
