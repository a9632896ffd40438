/** A process for one multi-threaded case over offheap: `node main.js REQUEST`, the answer as JSON. */
import { Worker } from "node:worker_threads";
import { SlabAllocator } from "offheap";
import { readStream } from "../stream/format.ts";
import { CHURN_LIFE, type Control, makeControl, passNs } from "./control.ts";
import type { ThreadsAnswer, ThreadsRequest, WorkerTask } from "./protocol.ts";

function runWorkers(task: Omit<WorkerTask, "self">): Promise<unknown> {
  const ends = task.request.streams.map((_, self) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: { ...task, self } });
    return new Promise<void>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("exit", () => resolve());
    });
  });
  return Promise.all(ends);
}

async function runPasses(heap: SlabAllocator, request: ThreadsRequest, control: Control): Promise<void> {
  const { handle } = heap;
  const { passes } = request;
  // workers of churn end after some passes, and others take their place
  const step = request.kind === "churn" ? CHURN_LIFE : passes;
  for (let firstPass = 0; firstPass < passes; firstPass += step) {
    await runWorkers({ request, control, handle, firstPass, endPass: firstPass + step });
  }
}

async function answer(request: ThreadsRequest): Promise<ThreadsAnswer> {
  const heap = new SlabAllocator({ capacity: request.capacity });
  const slotCounts = request.streams.map((path) => readStream(path).slotCount);
  const control = makeControl(slotCounts, request.passes);
  await runPasses(heap, request, control);
  for (const address of control.transfer) if (address !== 0) heap.deallocate(address);
  heap.cleanup({ all: true });
  const passes = Array.from({ length: request.passes }, (_, pass) => [passNs(control, pass), 0] as const);
  return { setupNs: 0, passes, leftBytes: heap.stats().spanBytes };
}

try {
  const result = await answer(JSON.parse(process.argv[2]) as ThreadsRequest);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  // a worker whose partner failed would wait for it at the next barrier
  process.stdout.write(`${JSON.stringify({ refused: `failed: ${reason}` })}\n`, () => process.exit());
}
