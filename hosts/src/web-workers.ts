// Workers of the web: Chromium, and the global Worker of Bun and Deno.

import type { HostWorker, Loading } from "./host.ts";
import { Inbox } from "./inbox.ts";
import { reportOf } from "./job-runner.ts";

/** @param classicScript a classic script that loads the library and then `web-worker.js` */
export async function startWebWorker(
  job: string,
  loading: Loading,
  data: unknown,
  classicScript?: string,
): Promise<HostWorker> {
  const worker =
    classicScript === undefined
      ? new Worker(new URL("./web-worker.js", import.meta.url), { type: "module" })
      : new Worker(classicScript);
  const inbox = new Inbox();
  worker.onmessage = ({ data: message }) => {
    const report = reportOf(message);
    if (report?.worker === "failed") inbox.fail(new Error(`in the worker: ${report.why}`));
    else inbox.put(message);
  };
  worker.onmessageerror = () => inbox.fail(new Error("a message could not be cloned"));
  worker.onerror = (event) => {
    event.preventDefault();
    inbox.fail(new Error(`the worker failed: ${event.message}`));
  };
  await inbox.next();
  worker.postMessage({ job, loading, data });
  return {
    native: worker,
    post: (message) => worker.postMessage(message),
    next: () => inbox.next(),
    terminate: async () => worker.terminate(),
  };
}
