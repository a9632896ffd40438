// One thread of the server: answers the connections that it is given, and says how it fares.

import { PerformanceObserver } from "node:perf_hooks";
import { parentPort, threadId } from "node:worker_threads";
import { Connections } from "./connections.mjs";
import { socketOf } from "./sockets.mjs";

export function serve({ heap, records, store, limits = {} }) {
  const began = Date.now();
  const gc = { count: 0, milliseconds: 0, longest: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gc.count++;
      gc.milliseconds += duration;
      gc.longest = Math.max(gc.longest, duration);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  const info = () =>
    [
      "# Server",
      "redis_version:7.0.0",
      `process_id:${process.pid}`,
      `thread_id:${threadId}`,
      `uptime_in_seconds:${Math.floor((Date.now() - began) / 1000)}`,
      "# Clients",
      `connected_clients:${connections.size}`,
      "# Memory",
      `used_memory_rss:${process.memoryUsage.rss()}`,
      `gc_count:${gc.count}`,
      `gc_milliseconds:${gc.milliseconds.toFixed(1)}`,
      `gc_longest_milliseconds:${gc.longest.toFixed(1)}`,
      "# Keyspace",
      `db0:keys=${store.size},bytes=${store.bytes}`,
      "",
    ].join("\r\n");
  const connections = new Connections({ store, info }, heap, records, limits);
  parentPort.on("message", (number) => {
    // Told before it is taken: who is terminated in between leaves it open. The other way round it would be closed twice, and by then
    // it may be another connection's.
    parentPort.postMessage(number);
    connections.add(socketOf(number));
  });
}
