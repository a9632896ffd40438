/** One worker of a multi-threaded case. */
import { workerData } from "node:worker_threads";
import { SlabAllocator } from "offheap";
import { readStream } from "../stream/format.ts";
import { barrier, clockNs } from "./control.ts";
import { loopOf, noHeap, onePass, type Place, prepare, replace } from "./kinds.ts";
import type { WorkerTask } from "./protocol.ts";

const { request, self, control, handle, firstPass, endPass } = workerData as WorkerTask;
const { kind } = request;
const heap = kind === "ring" ? undefined : SlabAllocator.attach(handle);
const streams = request.streams.map(readStream);
const hand = { self, streams, control, heap: heap ?? noHeap, moved: 0 };
const place: Place = { ...hand, loops: streams.map((_, owner) => loopOf(hand, owner)) };

if (kind === "larson" || kind === "independent") replace(place, self, streams[self].setup);
for (let pass = firstPass; pass < endPass; pass++) {
  const at = (pass * control.threads + self) * 2;
  barrier(control);
  prepare(kind, place);
  barrier(control);
  control.times[at] = clockNs();
  onePass(kind, place, pass);
  control.times[at + 1] = clockNs();
  barrier(control);
}
heap?.detach();
