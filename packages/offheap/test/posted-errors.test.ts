// What is left of an error on its way to another thread: its message, on every host; and so its code.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { MessageChannel, Worker } from "node:worker_threads";
import { AllocatorError, SlabAllocator } from "offheap";
import { expectCode } from "./support/heaps.ts";

const heap = new SlabAllocator({ capacity: 2 ** 21, maxWorkers: 1 });
const thrown = expectCode("ERR_INVALID_SIZE", () => heap.allocate(0));

function assertSame(value: unknown): void {
  const error = AllocatorError.from(value);
  assert.ok(error instanceof AllocatorError);
  assert.deepEqual([error.code, error.message], [thrown.code, thrown.message]);
}

describe("an error's code", () => {
  it("is where its message begins", () => {
    assert.ok(thrown.message.startsWith("ERR_INVALID_SIZE: sizes are integers"));
    assert.equal(AllocatorError.from(thrown), thrown);
  });

  it("is found again when the error was cloned, with its stack", async () => {
    const clone = structuredClone(thrown);
    assert.equal(clone.code, undefined, "this host keeps the code of a clone: say so in docs/errors.md");
    assertSame(clone);
    assert.equal(AllocatorError.from(clone)?.stack, thrown.stack);
    const { port1, port2 } = new MessageChannel();
    port1.postMessage({ error: thrown });
    const [{ error }] = (await once(port2, "message")) as [{ error: unknown }];
    assertSame(error);
    port1.close();
  });

  it("is kept by the error that ends a worker", async () => {
    const program = `import(${JSON.stringify(import.meta.resolve("offheap"))}).then(({ SlabAllocator }) =>
      new SlabAllocator({ capacity: 2 ** 21, maxWorkers: 1 }).allocate(0))`;
    const worker = new Worker(program, { eval: true, execArgv: [] });
    const [error] = (await once(worker, "error")) as [AllocatorError];
    assert.deepEqual([error.code, error.name], [thrown.code, "AllocatorError"]);
    assertSame(error);
  });

  it("is found in the text of a browser's or Deno's error event, and in what was serialized", () => {
    assertSame(`Uncaught AllocatorError: ${thrown.message}`);
    assertSame(`Uncaught (in promise) AllocatorError: ${thrown.message}`);
    assertSame(thrown.message);
    assertSame({ message: thrown.message });
  });

  it("is not found in what was no such error", () => {
    const none: unknown[] = [undefined, null, 5, "", "ERR_", {}, Symbol("x"), () => "ERR_X: y"];
    none.push(new Error("no code"), { code: "ERR_DOUBLE_FREE" }, { message: 5 });
    none.push(new Error("in the middle ERR_DOUBLE_FREE: of it"));
    for (const value of none) assert.equal(AllocatorError.from(value), undefined);
  });
});
