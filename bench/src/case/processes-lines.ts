/** The ways by which a message goes to another process. Each message begins with its number, from 1 on. */
import { existsSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MemoryPool } from "offheap";
import { Ring } from "offheap/ring";
import { manyLine, ringLine } from "./message-lines.ts";
import type { ProcessesRequest } from "./protocol.ts";

/** In memory, where the machine has a file system there. */
export const shareFolder = (): string => (existsSync("/dev/shm") ? "/dev/shm" : tmpdir());

export interface ProcessLine {
  /** False: the way is full, and `drained` tells when it is no more. */
  send(number: number): boolean;
  drained(): Promise<void>;
  /** Sends what waits for more. */
  readonly flush?: () => void;
  /** Blocks; absent where messages come as events, to `next`. */
  readonly receive?: () => number;
  next(): Promise<number>;
  close(): Promise<void>;
}

export interface LineEnds {
  readonly folder: string;
  readonly pool: MemoryPool;
  readonly isChild: boolean;
  /** Of process.send. */
  readonly port: {
    send?(message: unknown): boolean;
    on(event: "message", listener: (message: never) => void): unknown;
  };
}

/** Numbers that have come, for whoever asks for the next one. */
class Inbox {
  private readonly numbers: number[] = [];
  private at = 0;
  private waiting: ((number: number) => void) | undefined;

  put(number: number): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.numbers.push(number);
    else waiting(number);
  }

  next(): Promise<number> {
    if (this.at < this.numbers.length) return Promise.resolve(this.numbers[this.at++] as number);
    this.numbers.length = 0;
    this.at = 0;
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }
}

const never = async (): Promise<never> => {
  throw new Error("nothing comes this way");
};

function overRings({ peer, bytes }: ProcessesRequest, { pool, isChild }: LineEnds): ProcessLine {
  const names = isChild ? ["back", "there"] : ["there", "back"];
  const [to, from] = names.map((name) => Ring.attach(pool, pool.roots.get(name) as never)) as [Ring, Ring];
  const { send, receive, flush } =
    peer === "ring-many"
      ? manyLine(pool, to, from, bytes)
      : ringLine(pool, to, from, bytes, peer === "ring-copy");
  return {
    ...(flush && { flush }),
    send(number) {
      send(number);
      return true;
    },
    receive: receive as () => number,
    drained: async () => undefined,
    next: never,
    close: async () => undefined,
  };
}

/** As JSON a text, for it has no bytes. */
function overSend({ peer, bytes }: ProcessesRequest, { port }: LineEnds): ProcessLine {
  const inbox = new Inbox();
  port.on("message", ({ number }: { number?: number }) => {
    if (number !== undefined) inbox.put(number);
  });
  const content = peer === "send-json" ? "x".repeat(bytes) : new Uint8Array(bytes).fill(120);
  return {
    send(number) {
      port.send?.({ number, content });
      return true;
    },
    drained: async () => undefined,
    next: () => inbox.next(),
    close: async () => undefined,
  };
}

async function overSocket({ bytes }: ProcessesRequest, { folder, isChild }: LineEnds): Promise<ProcessLine> {
  const path = join(folder, "socket");
  const inbox = new Inbox();
  const head = Buffer.alloc(4);
  let had = 0;
  const socket = await (isChild ? accepted(path) : connected(path));
  socket.on("data", (data) => {
    for (const byte of takeHeads(data)) inbox.put(byte);
  });
  /** The numbers of the messages that end in this piece. */
  function* takeHeads(data: Buffer): Iterable<number> {
    for (let at = 0; at < data.length; ) {
      if (had < 4) data.copy(head, had, at, at + 4 - had);
      const step = Math.min(bytes - had, data.length - at);
      had += step;
      at += step;
      if (had < bytes) return;
      had = 0;
      yield head.readUInt32LE(0);
    }
  }
  return {
    send(number) {
      const message = Buffer.allocUnsafe(bytes);
      message.writeUInt32LE(number, 0);
      return socket.write(message);
    },
    drained: () => new Promise((resolve) => socket.once("drain", () => resolve())),
    next: () => inbox.next(),
    close: async () => {
      socket.destroy();
    },
  };
}

/** The child listens, and says "ready" then. */
const accepted = (path: string): Promise<Socket> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      server.close();
      resolve(socket);
    });
    server.listen(path, () => process.send?.("ready"));
  });

const connected = (path: string): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = createConnection(path, () => resolve(socket));
  });

/** Each side puts messages under their numbers, and looks for the next one until it is there. */
async function overLmdb({ bytes }: ProcessesRequest, { folder, isChild }: LineEnds): Promise<ProcessLine> {
  const { open } = await import("lmdb");
  const root = open({ path: join(folder, "lmdb"), noSync: true, mapSize: 2 ** 30 });
  const [to, from] = (isChild ? ["back", "there"] : ["there", "back"]).map((name) =>
    root.openDB<Buffer, number>({ name, encoding: "binary", keyEncoding: "uint32" }),
  );
  let at = 0;
  let sent = 0;
  return {
    send(number) {
      const message = Buffer.allocUnsafe(bytes);
      message.writeUInt32LE(number, 0);
      void to?.put(++sent, message);
      return sent % 1000 !== 0;
    },
    drained: async () => void (await to?.committed),
    async next() {
      for (;;) {
        const found = from?.get(at + 1);
        if (found !== undefined) {
          at++;
          return found.readUInt32LE(0);
        }
        await new Promise((resolve) => setImmediate(resolve));
        from?.resetReadTxn();
      }
    },
    close: () => root.close(),
  };
}

export async function lineOf(request: ProcessesRequest, ends: LineEnds): Promise<ProcessLine> {
  const { peer } = request;
  if (peer.startsWith("ring")) return overRings(request, ends);
  if (peer.startsWith("send")) return overSend(request, ends);
  return peer === "socket" ? overSocket(request, ends) : overLmdb(request, ends);
}
