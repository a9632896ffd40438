/** Messages to another worker and back: how long one takes when many are sent, and there and back when one is. */
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { MemoryPool } from "offheap";
import { Ring } from "offheap/ring";
import { collectionWatch } from "./gc.ts";
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
import type { MessagesAnswer, MessagesRequest } from "./protocol.ts";
import { nowNs } from "./run.ts";

/** What the other worker is told. */
export interface MessageOrders extends MessagesRequest {
  readonly pool: unknown;
  readonly there: unknown;
  readonly back: unknown;
  readonly streams: readonly SharedArrayBuffer[];
  readonly port?: MessagePort;
  /** Of two senders the other one. */
  readonly isSecond?: boolean;
}

/** Bytes that a ring of bytes holds: as many as fit, of messages of up to 64 KiB. */
const STREAM_BYTES = 2 ** 22;
const ROUND_TRIPS = 4000;

const isSlow = (peer: string): boolean => peer.startsWith("post") || peer === "channel" || peer === "stream";
/** Messages of a pass, an even number. */
export const mailOf = ({ peer, bytes }: MessagesRequest): number =>
  2 * Math.round((isSlow(peer) ? 2e8 / (2000 + bytes) : 1e9 / (3000 + bytes)) / 2);

/** The other side's worker, and a line to it. Where there are two senders the second is a worker, too. */
interface Opened {
  readonly worker: Worker;
  readonly line: Line;
  readonly second?: Worker;
  /** What messages come back on, where they come as events. */
  readonly answers?: { next(): Promise<unknown> };
}

const workerAt = new URL("./messages-worker.js", import.meta.url);
const said = (from: Worker | MessagePort): Promise<unknown> =>
  new Promise((resolve) => from.once("message", resolve));

function open(request: MessagesRequest): Opened {
  const { peer, bytes } = request;
  const streams = [0, 1].map(() => new SharedArrayBuffer(STREAM_BYTES + 8));
  const pool = new MemoryPool({ capacity: 2 ** 28 });
  const [there, back] = [new Ring(pool), new Ring(pool)];
  const channel = new MessageChannel();
  const isChannel = peer === "channel";
  const orders = {
    ...request,
    ...{ pool: pool.handle, there: there.handle, back: back.handle, streams },
    ...(isChannel && { port: channel.port2 }),
  } satisfies MessageOrders;
  const isStream = peer === "stream";
  const worker = new Worker(workerAt, {
    ...{ workerData: orders, transferList: isChannel ? [channel.port2] : [] },
    ...{ execArgv: [], stdin: isStream, stdout: isStream },
  });
  if (peer === "ring-many") return { worker, line: manyLine(pool, there, back, bytes) };
  if (peer.startsWith("ring-") || peer === "ring") {
    const line = ringLine(pool, there, back, bytes, peer === "ring-copy");
    if (peer !== "ring-2-senders") return { worker, line };
    const second = new Worker(workerAt, { workerData: { ...orders, isSecond: true }, execArgv: [] });
    return { worker, line, second };
  }
  if (peer === "ringbuf.js") {
    const [to, from] = streams as [SharedArrayBuffer, SharedArrayBuffer];
    return { worker, line: bytesLine(to, from, bytes) };
  }
  if (peer === "stream") {
    const arrived: ((number: number) => void)[] = [];
    readStream(worker.stdout, bytes, (number) => arrived.shift()?.(number));
    const answers = { next: () => new Promise<number>((resolve) => arrived.push(resolve)) };
    return { worker, line: streamLine(worker.stdin as NonNullable<typeof worker.stdin>, bytes), answers };
  }
  const port = isChannel ? channel.port1 : worker;
  return { worker, line: { send: postedBy(port, request) }, answers: { next: () => said(port) } };
}

async function tripNs({ line, answers }: Opened, number: number): Promise<number> {
  const began = nowNs();
  const answer = answers?.next();
  await line.send(number);
  line.flush?.();
  if (answer !== undefined) await answer;
  else if (line.receive?.() !== number) throw new Error("another message came back");
  return nowNs() - began;
}

/** Many messages to the other side, which says when it has them all. */
async function pass({ worker, line, second }: Opened, count: number): Promise<number> {
  const done = said(worker);
  const began = nowNs();
  second?.postMessage("go");
  for (let number = 0; number < count; number++) {
    const isFull = line.send(number);
    if (isFull !== undefined) await isFull;
  }
  line.flush?.();
  await done;
  return nowNs() - began;
}

export async function messagesCase(request: MessagesRequest): Promise<MessagesAnswer> {
  const opened = open(request);
  const { worker, second } = opened;
  await Promise.all([said(worker), second && said(second)]);
  const count = mailOf(request);
  const own = second === undefined ? count : count / 2;
  const watch = collectionWatch();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < PASSES; i++) least = Math.min(least, await pass(opened, own));
  const gcMs = (await watch()).reduce((sum, pause) => sum + pause, 0);
  const trips: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) trips.push(await tripNs(opened, i & 0xffff));
  trips.sort((a, b) => a - b);
  await Promise.all([worker.terminate(), second?.terminate()]);
  const at = (share: number): number => trips[Math.floor(trips.length * share)] as number;
  return { messageNs: least / count, p50Ns: at(0.5), p99Ns: at(0.99), gcMs: gcMs / PASSES, count };
}
