/** The other worker: takes so many messages a pass and says so; then sends each back that comes. */
import { parentPort, workerData } from "node:worker_threads";
import { type HeapHandle, MemoryPool } from "offheap";
import { Ring, type RingHandle } from "offheap/ring";
import { bytesLine, type Line, type MessageOrders, mailOf, postedBy, ringLine } from "./messages.ts";

const orders = workerData as MessageOrders;
const { peer, bytes, streams } = orders;
const port = parentPort as NonNullable<typeof parentPort>;
const count = mailOf(orders);
const PASSES = 3;

function lineOf(): Line {
  if (peer === "ringbuf.js")
    return bytesLine(streams[1] as SharedArrayBuffer, streams[0] as SharedArrayBuffer, bytes);
  const pool = MemoryPool.attach(orders.pool as HeapHandle);
  const [there, back] = [orders.there, orders.back].map((handle) => Ring.attach(pool, handle as RingHandle));
  return ringLine(pool, back as Ring, there as Ring, bytes, peer === "ring-copy");
}

function serve({ send, receive }: Line): void {
  if (receive === undefined) return;
  for (let pass = 0; pass < PASSES; pass++) {
    for (let i = 0; i < count; i++) if (receive() !== i) throw new Error(`message ${i} is another`);
    port.postMessage("taken");
  }
  for (;;) send(receive());
}

if (peer.startsWith("post")) {
  let left = count * PASSES;
  const sendBack = postedBy(port, orders);
  port.on("message", (message: Uint32Array) => {
    if (left === 0) sendBack(message[0] as number);
    else if (--left % count === 0) port.postMessage("taken");
  });
  port.postMessage("ready");
} else {
  port.postMessage("ready");
  serve(lineOf());
}
