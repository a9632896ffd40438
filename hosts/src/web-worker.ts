// A worker of the web: a module, or imported by a classic script that has loaded the library.

import { Inbox } from "./inbox.ts";
import { runJob } from "./job-runner.ts";

interface WorkerScope {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;
const inbox = new Inbox();
scope.onmessage = ({ data }) => inbox.put(data);
await runJob({ post: (message) => scope.postMessage(message), next: () => inbox.next() });
scope.close();
