/** The other worker: takes so many messages a pass and says so; then sends each back that comes. Or the second of two senders. */
import { parentPort, workerData } from "node:worker_threads";
import { type HeapHandle, MemoryPool } from "offheap";
import { Ring, type RingHandle } from "offheap/ring";
import {
  bytesLine,
  type Line,
  manyLine,
  PASSES,
  postedBy,
  readStream,
  ringLine,
  streamLine,
} from "./message-lines.ts";
import { type MessageOrders, mailOf } from "./messages.ts";

const orders = workerData as MessageOrders;
const { peer, bytes, streams } = orders;
const port = parentPort as NonNullable<typeof parentPort>;
const count = mailOf(orders);

/** What a message of the second sender begins with, in place of its number: its number from here on. */
const SECOND = 2 ** 24;

function lineOf(): Line {
  if (peer === "ringbuf.js")
    return bytesLine(streams[1] as SharedArrayBuffer, streams[0] as SharedArrayBuffer, bytes);
  const pool = MemoryPool.attach(orders.pool as HeapHandle);
  const [there, back] = [orders.there, orders.back].map((handle) => Ring.attach(pool, handle as RingHandle));
  if (orders.isSecond) return ringLine(pool, there as Ring, back as Ring, bytes, false);
  if (peer === "ring-many") return manyLine(pool, back as Ring, there as Ring, bytes);
  return ringLine(pool, back as Ring, there as Ring, bytes, peer === "ring-copy");
}

function serve({ send, receive, flush }: Line): void {
  if (receive === undefined) return;
  for (let pass = 0; pass < PASSES; pass++) {
    // Of each sender in its order.
    const next = [0, SECOND];
    for (let i = 0; i < count; i++) {
      const number: number = receive();
      const sender = number < SECOND ? 0 : 1;
      if (number !== next[sender]) throw new Error(`message ${next[sender]} is ${number}`);
      next[sender] = number + 1;
    }
    port.postMessage("taken");
  }
  for (;;) {
    send(receive());
    flush?.();
  }
}

/** Where messages come as events. */
function counter(sendBack: (number: number) => unknown): (number: number) => void {
  let left = count * PASSES;
  return (number) => {
    if (left === 0) sendBack(number);
    else if (--left % count === 0) port.postMessage("taken");
  };
}

if (orders.isSecond) {
  const line = lineOf();
  port.on("message", () => {
    for (let i = 0; i < count / 2; i++) line.send(SECOND + i);
  });
} else if (peer === "stream") {
  const back = streamLine(process.stdout, bytes);
  readStream(process.stdin, bytes, counter(back.send));
} else if (peer.startsWith("post") || peer === "channel") {
  const from = orders.port ?? port;
  const take = counter(postedBy(from, orders));
  from.on("message", (message: Uint32Array) => take(message[0] as number));
}
port.postMessage("ready");
if (peer.startsWith("ring") && !orders.isSecond) serve(lineOf());
