/** Messages to another worker and back: how long one takes when many are sent, and there and back when one is. */
import { Worker } from "node:worker_threads";
import { MemoryPool } from "offheap";
import { Ring } from "offheap/ring";
import { RingBuffer } from "ringbuf.js";
import { collectionWatch } from "./gc.ts";
import type { MessagesAnswer, MessagesRequest } from "./protocol.ts";
import { nowNs } from "./run.ts";

/** What the other worker is told. */
export interface MessageOrders extends MessagesRequest {
  readonly pool: unknown;
  readonly there: unknown;
  readonly back: unknown;
  readonly streams: readonly SharedArrayBuffer[];
}

/** Bytes that a ring of bytes holds: as many as fit, of messages of up to 64 KiB. */
const STREAM_BYTES = 2 ** 22;
const ROUND_TRIPS = 4000;
const PASSES = 3;

export const mailOf = (request: MessagesRequest): number =>
  Math.round(request.peer.startsWith("post") ? 2e8 / (2000 + request.bytes) : 1e9 / (3000 + request.bytes));

/** One side of it: sends a message of so many bytes that begins with a number, or takes one. */
export interface Line {
  send(number: number): void;
  /** Blocks; undefined where messages come as events. */
  readonly receive?: () => number;
}

export function ringLine(pool: MemoryPool, to: Ring, from: Ring, bytes: number, copies: boolean): Line {
  const { u32 } = pool;
  const payload = new Uint8Array(bytes);
  const head = new Uint32Array(payload.buffer, 0, 1);
  if (copies) {
    let seen = 0;
    const look = (content: Uint8Array): void => {
      seen = (content[0] as number) | ((content[1] as number) << 8) | ((content[2] as number) << 16);
    };
    return {
      send(number) {
        head[0] = number;
        while (!to.write(payload)) to.waitForSpace();
      },
      receive() {
        while (!from.read(look)) from.wait();
        return seen;
      },
    };
  }
  return {
    send(number) {
      const address = pool.allocate(bytes);
      u32[address >>> 2] = number;
      while (!to.send(address, bytes)) to.waitForSpace();
    },
    receive() {
      let message = from.receive();
      for (; message === undefined; message = from.receive()) from.wait();
      const number = u32[message.address >>> 2] as number;
      pool.deallocate(message.address);
      return number;
    },
  };
}

export function bytesLine(to: SharedArrayBuffer, from: SharedArrayBuffer, bytes: number): Line {
  const [writer, reader] = [new RingBuffer(to, Uint8Array), new RingBuffer(from, Uint8Array)];
  const out = new Uint8Array(bytes);
  const into = new Uint8Array(bytes);
  const [sent, got] = [new Uint32Array(out.buffer, 0, 1), new Uint32Array(into.buffer, 0, 1)];
  return {
    send(number) {
      sent[0] = number;
      while (writer.availableWrite() < bytes);
      writer.push(out);
    },
    receive() {
      while (reader.availableRead() < bytes);
      reader.pop(into);
      return got[0] as number;
    },
  };
}

function open(request: MessagesRequest): { worker: Worker; line: Line } {
  const { peer, bytes } = request;
  const streams = [0, 1].map(() => new SharedArrayBuffer(STREAM_BYTES + 8));
  const pool = new MemoryPool({ capacity: 2 ** 28 });
  const [there, back] = [new Ring(pool), new Ring(pool)];
  const workerData = {
    ...request,
    ...{ pool: pool.handle, there: there.handle, back: back.handle, streams },
  } satisfies MessageOrders;
  const worker = new Worker(new URL("./messages-worker.js", import.meta.url), { workerData, execArgv: [] });
  if (peer === "ring" || peer === "ring-copy")
    return { worker, line: ringLine(pool, there, back, bytes, peer === "ring-copy") };
  if (peer === "ringbuf.js")
    return {
      worker,
      line: bytesLine(streams[0] as SharedArrayBuffer, streams[1] as SharedArrayBuffer, bytes),
    };
  return { worker, line: { send: postedBy(worker, request) } };
}

/** What posts a message to the other side: cloned, or its buffer transferred. */
export function postedBy(
  port: { postMessage(value: unknown, transfer?: readonly ArrayBuffer[]): void },
  { peer, bytes }: MessagesRequest,
): (number: number) => void {
  if (peer === "post-transfer")
    return (number) => {
      const message = new Uint32Array(bytes / 4);
      message[0] = number;
      port.postMessage(message, [message.buffer]);
    };
  const message = new Uint32Array(bytes / 4);
  return (number) => {
    message[0] = number;
    port.postMessage(message);
  };
}

const said = (worker: Worker): Promise<unknown> => new Promise((resolve) => worker.once("message", resolve));

async function tripNs(worker: Worker, line: Line, number: number): Promise<number> {
  const began = nowNs();
  if (line.receive === undefined) {
    const answer = said(worker);
    line.send(number);
    await answer;
  } else {
    line.send(number);
    if (line.receive() !== number) throw new Error("another message came back");
  }
  return nowNs() - began;
}

export async function messagesCase(request: MessagesRequest): Promise<MessagesAnswer> {
  const { worker, line } = open(request);
  await said(worker);
  const count = mailOf(request);
  const watch = collectionWatch();
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < PASSES; pass++) {
    const done = said(worker);
    const began = nowNs();
    for (let number = 0; number < count; number++) line.send(number);
    await done;
    least = Math.min(least, nowNs() - began);
  }
  const gcMs = (await watch()).reduce((sum, pause) => sum + pause, 0);
  const trips: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) trips.push(await tripNs(worker, line, i & 0xffff));
  trips.sort((a, b) => a - b);
  await worker.terminate();
  const at = (share: number): number => trips[Math.floor(trips.length * share)] as number;
  return { messageNs: least / count, p50Ns: at(0.5), p99Ns: at(0.99), gcMs: gcMs / PASSES, count };
}
