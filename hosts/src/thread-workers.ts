// Workers of node:worker_threads: Node, Bun, Deno.

import { Worker } from "node:worker_threads";
import type { HostWorker, Loading } from "./host.ts";
import { Inbox } from "./inbox.ts";
import { reportOf } from "./job-runner.ts";

export async function startThread(job: string, loading: Loading, data: unknown): Promise<HostWorker> {
  const worker = new Worker(new URL("./thread-worker.js", import.meta.url));
  const inbox = new Inbox();
  worker.on("message", (message) => {
    const report = reportOf(message);
    if (report?.worker === "failed") inbox.fail(new Error(`in the worker: ${report.why}`));
    else inbox.put(message);
  });
  worker.on("error", (error) => inbox.fail(error as Error));
  const exit = new Promise<void>((resolve) => {
    worker.on("exit", (code) => {
      inbox.fail(new Error(`the worker ended with ${code}`));
      resolve();
    });
  });
  await inbox.next();
  worker.postMessage({ job, loading, data });
  return {
    native: worker,
    post: (message) => worker.postMessage(message),
    next: () => inbox.next(),
    terminate: async () => {
      await worker.terminate();
      await exit;
    },
  };
}
