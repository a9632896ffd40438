// A worker of node:worker_threads.

import { parentPort } from "node:worker_threads";
import { Inbox } from "./inbox.ts";
import { runJob } from "./job-runner.ts";

if (parentPort === null) throw new Error("this file is a worker's");
const port = parentPort;
const inbox = new Inbox();
const listener = (message: unknown) => inbox.put(message);
port.on("message", listener);
await runJob({ post: (message) => port.postMessage(message), next: () => inbox.next() });
// Who no longer listens may end; `close` is not to be had on Deno.
port.off("message", listener);
