// A worker of node:worker_threads.

import { parentPort } from "node:worker_threads";
import { Inbox } from "./inbox.ts";
import { runJob } from "./job-runner.ts";

if (parentPort === null) throw new Error("this file is a worker's");
const port = parentPort;
const inbox = new Inbox();
port.on("message", (message) => inbox.put(message));
await runJob({ post: (message) => port.postMessage(message), next: () => inbox.next() });
port.close();
