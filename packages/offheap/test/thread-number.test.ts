// A thread's token is made of the number that node:worker_threads has for it, though the first thread does not ask.

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { threadId, Worker } from "node:worker_threads";
import { currentToken } from "#src/worker/host.js";
import { tokenOf } from "#src/worker/tokens.js";

const inWorker = `
  const { parentPort, threadId, workerData } = require("node:worker_threads");
  import(workerData).then(({ currentToken }) => parentPort.postMessage([currentToken(), threadId]));
`;

describe("the token of a thread", () => {
  it("is that of its number: in the first, and in workers", async () => {
    assert.equal(threadId, 0);
    assert.equal(currentToken(), tokenOf(0));
    const seen = new Set<number>();
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(inWorker, {
        eval: true,
        workerData: import.meta.resolve("#src/worker/host.js"),
      });
      // Of a worker that has ended it is -1.
      const given = worker.threadId;
      const [[token, number]] = (await once(worker, "message")) as [[number, number]];
      assert.equal(number, given);
      assert.equal(token, tokenOf(number));
      seen.add(token);
      await once(worker, "exit");
    }
    assert.equal(seen.size, 3);
  });

  it("where abort is disabled nobody is taken for the first thread", () => {
    const { abort } = process;
    let asked = 0;
    const { getBuiltinModule } = process;
    try {
      process.abort = Object.assign(() => undefined as never, { disabled: true });
      process.getBuiltinModule = ((name: string) => {
        asked++;
        return { ...(getBuiltinModule(name) as object), threadId: 7 };
      }) as typeof getBuiltinModule;
      assert.equal(currentToken(), tokenOf(7));
      assert.equal(asked, 1);
    } finally {
      Object.assign(process, { abort, getBuiltinModule });
    }
  });
});
