/** The other process: takes so many messages a pass and says so; then sends each back that comes. */
import { join } from "node:path";
import { openHeap } from "offheap/process";
import { PASSES } from "./message-lines.ts";
import { mailOf } from "./processes.ts";
import { lineOf } from "./processes-lines.ts";
import type { ProcessesRequest } from "./protocol.ts";

const request = JSON.parse(process.argv[2] as string) as ProcessesRequest & { readonly folder: string };
const { folder, peer } = request;
const pool = openHeap(join(folder, "heap"));
// A socket says so when it listens.
if (peer !== "socket") process.send?.("ready");
const line = await lineOf(request, { folder, pool, isChild: true, port: process as never });
const { receive } = line;
const count = mailOf(request);
for (let pass = 0; pass < PASSES; pass++) {
  for (let number = 1; number <= count; number++) {
    const found = receive === undefined ? await line.next() : receive();
    if (found !== number) throw new Error(`message ${number} is ${found}`);
  }
  process.send?.("taken");
}
for (;;) {
  line.send(receive === undefined ? await line.next() : receive());
  line.flush?.();
}
