// One of the workers that replay a stream at once. It runs what it is told and then waits, holding nothing.

import { parentPort, workerData } from "node:worker_threads";
import { loadAdapter } from "../allocators/registry.ts";
import { codeOf, messageOf } from "../errors.ts";
import type { Command, FillViolation, Reply, WorkerSetup } from "./protocol.ts";
import { WholePass } from "./whole-pass.ts";
import { WordPass } from "./word-pass.ts";

/** Operations between two looks at the fill and two reports of progress. */
const strideOperations = 65_536;

const port = parentPort;
if (!port) throw new Error("replay/worker runs as a worker only");
const setup = workerData as WorkerSetup;
const { stream, index, progress } = setup;
const heap = (await loadAdapter(setup.adapterUrl)).attach(setup.handle);
const wordPass = new WordPass(heap, stream, setup);
const wholePass = new WholePass(heap, stream, setup);

port.on("message", (command: Command) => {
  let reply: Reply;
  try {
    reply = execute(command);
  } catch (error) {
    reply = { name: "failed", code: codeOf(error), message: messageOf(error) };
  }
  port.postMessage(reply);
  if (command.name === "leave") port.close();
});
port.postMessage({ name: "done", nanoseconds: 0 } satisfies Reply);

function execute(command: Command): Reply {
  switch (command.name) {
    case "run":
      return command.fill === "word"
        ? runWords(command.from, command.to)
        : runWhole(command.from, command.to);
    case "release":
      return release(command.fill);
    case "leave":
      heap.detach();
      return { name: "done", nanoseconds: 0 };
  }
}

function runWords(from: number, to: number): Reply {
  const startedAt = process.hrtime.bigint();
  for (let start = from; start < to; start += strideOperations) {
    const end = Math.min(start + strideOperations, to);
    if (!wordPass.run(start, end))
      return wrong({ worker: index, fill: "word", from: start, to: end, address: undefined });
    progress[index] += end - start;
  }
  return { name: "done", nanoseconds: Number(process.hrtime.bigint() - startedAt) };
}

function runWhole(from: number, to: number): Reply {
  for (let start = from; start < to; start += strideOperations) {
    const end = Math.min(start + strideOperations, to);
    const address = wholePass.run(start, end);
    if (address !== undefined) return wrong({ worker: index, fill: "whole", from: start, to: end, address });
    progress[index] += end - start;
  }
  return { name: "done", nanoseconds: 0 };
}

function release(fill: "word" | "whole"): Reply {
  const at = { from: stream.operations, to: stream.operations };
  if (fill === "word") {
    if (!wordPass.release()) return wrong({ worker: index, fill, ...at, address: undefined });
  } else {
    const address = wholePass.release();
    if (address !== undefined) return wrong({ worker: index, fill, ...at, address });
  }
  return { name: "done", nanoseconds: 0 };
}

function wrong(violation: FillViolation): Reply {
  return { name: "wrong", violation };
}
