// One of the workers that replay a stream at once. It runs what it is told and then waits, holding nothing.

import { parentPort, workerData } from "node:worker_threads";
import { loadAdapter } from "../allocators/registry.ts";
import { codeOf, messageOf } from "../errors.ts";
import type { Command, PassKind, Reply, WorkerSetup } from "./protocol.ts";
import { type Loss, WholePass } from "./whole-pass.ts";
import { makeWordPass } from "./word-pass.ts";

/** Operations between two looks at the fill and two reports of progress. */
const strideOperations = 65_536;

const port = parentPort;
if (!port) throw new Error("replay/worker runs as a worker only");
const setup = workerData as WorkerSetup;
const { stream, index, progress } = setup;
const heap = (await loadAdapter(setup.adapterUrl)).attach(setup.handle);
const wordPass = makeWordPass(heap, stream, index, setup.workers);
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
      return run(command.pass, command.from, command.to);
    case "release":
      return release(command.pass);
    case "leave":
      heap.detach();
      return { name: "done", nanoseconds: 0 };
  }
}

function run(pass: PassKind, from: number, to: number): Reply {
  const startedAt = process.hrtime.bigint();
  for (let start = from; start < to; start += strideOperations) {
    const end = Math.min(start + strideOperations, to);
    const loss =
      pass === "thorough"
        ? wholePass.run(start, end)
        : wordLoss(wordPass.run(start, end, pass === "checked"));
    if (loss) return wrong(pass, start, end, loss);
    progress[index] += end - start;
  }
  return { name: "done", nanoseconds: Number(process.hrtime.bigint() - startedAt) };
}

function release(pass: PassKind): Reply {
  const loss = pass === "thorough" ? wholePass.release() : wordLoss(wordPass.release());
  if (loss) return wrong(pass, stream.operations, stream.operations, loss);
  return { name: "done", nanoseconds: 0 };
}

/** The word pass only knows that there was one. */
function wordLoss(isKept: boolean): Loss | undefined {
  return isKept ? undefined : { address: undefined };
}

function wrong(pass: PassKind, from: number, to: number, { address }: Loss): Reply {
  return { name: "wrong", violation: { worker: index, pass, from, to, address } };
}
