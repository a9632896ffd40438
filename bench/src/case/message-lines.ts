/** The ways by which messages go to another worker: each a line with two ends. */
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { MemoryPool } from "offheap";
import type { Message, Ring } from "offheap/ring";
import { RingBuffer } from "ringbuf.js";
import type { MessagesRequest } from "./protocol.ts";

/** Of many messages, in one process: the first ones run code that is not compiled yet. */
export const PASSES = 8;

/** One side of it: sends a message of so many bytes that begins with a number, or takes one. */
export interface Line {
  /** A promise where the line is full, and nobody may block. */
  send(number: number): Promise<void> | void;
  /** Sends what waits for more. */
  readonly flush?: () => void;
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

/** Messages that go, and come, in one call. */
const AT_ONCE = 32;

export function manyLine(pool: MemoryPool, to: Ring, from: Ring, bytes: number): Line {
  const { u32 } = pool;
  const outgoing = Array.from({ length: AT_ONCE }, () => ({ address: 0, length: bytes, tag: 0 }));
  const incoming: Message[] = Array.from({ length: AT_ONCE }, () => ({ address: 0, length: 0, tag: 0 }));
  let [waiting, got, next] = [0, 0, 0];
  const flush = (): void => {
    for (let went = 0; went < waiting; ) {
      const isWhole = went === 0 && waiting === AT_ONCE;
      went += to.sendMany(isWhole ? outgoing : outgoing.slice(went, waiting));
      if (went < waiting) to.waitForSpace();
    }
    waiting = 0;
  };
  return {
    flush,
    send(number) {
      const address = pool.allocate(bytes);
      u32[address >>> 2] = number;
      (outgoing[waiting++] as Message).address = address;
      if (waiting === AT_ONCE) flush();
    },
    receive() {
      if (next === got) {
        next = 0;
        for (got = from.receiveMany(incoming); got === 0; got = from.receiveMany(incoming)) from.wait();
      }
      const { address } = incoming[next++] as Message;
      const number = u32[address >>> 2] as number;
      pool.deallocate(address);
      return number;
    },
  };
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

/** A stream of Node's to the other worker: its standard input. */
export function streamLine(to: Writable, bytes: number): Line {
  return {
    send(number) {
      const message = Buffer.alloc(bytes);
      message.writeUInt32LE(number);
      if (!to.write(message)) return once(to, "drain").then(() => undefined);
    },
  };
}

/** Calls `each` with the number of every message that comes out of a stream. */
export function readStream(from: Readable, bytes: number, each: (number: number) => void): void {
  let at = 0;
  const head = Buffer.alloc(4);
  from.on("data", (piece: Buffer) => {
    for (let i = 0; i < piece.length; ) {
      const left = at < 4 ? 1 : Math.min(bytes - at, piece.length - i);
      if (at < 4) head[at] = piece[i] as number;
      at += left;
      i += left;
      if (at < bytes) continue;
      at = 0;
      each(head.readUInt32LE());
    }
  });
}
