// A cache server that speaks a part of redis's protocol (RESP2), from several threads at one port, over one SharedCache.
//
//   node examples/cache-server.mjs                               tries itself out, and ends
//   node examples/cache-server.mjs --listen 6380 [--workers 2] [--bytes BYTES] [--limit BYTES] [--store map]
//
// A key that one thread was told of is known to all, and is held once. What the threads know of their connections is off the heap, too
// (cache-server/threads.mjs). With `--store map` each thread has a Map of its own, for comparison: `npm run bench:server`.

import { parseArgs } from "node:util";
import { reason } from "./cache-server/sockets.mjs";
import { startServer } from "./cache-server/threads.mjs";
import { tryOut } from "./cache-server/try-out.mjs";

async function main() {
  const { values } = parseArgs({
    options: {
      listen: { type: "string" },
      workers: { type: "string", default: "2" },
      bytes: { type: "string", default: `${2 ** 28}` },
      limit: { type: "string", default: `${2 ** 20}` },
      store: { type: "string", default: "cache" },
    },
  });
  if (values.listen === undefined) process.exit((await tryOut()) ? 0 : 1);
  const server = await startServer({
    workers: Number(values.workers),
    port: Number(values.listen),
    store: values.store,
    maxBytes: Number(values.bytes),
    limits: { maxBulkBytes: Number(values.limit) },
  });
  console.log(`${values.workers} workers listen at ${server.port}`);
  const end = async () => {
    await server.end();
    process.exit();
  };
  process.once("SIGINT", end).once("SIGTERM", end);
}

if (reason === undefined) await main();
else console.log(`left out: ${reason}`);
