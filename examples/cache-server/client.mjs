// A client of a few lines, for the example's own checks: what is sent is bytes as they are, what comes back is values.

import { once } from "node:events";
import { connect } from "node:net";

/** The bytes of one request. */
export const request = (...words) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(`${word}`)}\r\n${word}\r\n`).join("")}`;

/** A reply and what is behind it; undefined where there is no whole reply yet. */
export function replyAt(bytes, from) {
  const end = bytes.indexOf("\r\n", from);
  if (end === -1) return undefined;
  const line = bytes.toString("utf8", from + 1, end);
  const mark = String.fromCharCode(bytes[from]);
  const number = Number(line);
  if (mark === "+" || mark === "-") return { value: mark === "-" ? new Error(line) : line, next: end + 2 };
  if (mark === ":") return { value: number, next: end + 2 };
  if (number === -1) return { value: null, next: end + 2 };
  if (mark === "$") {
    if (bytes.length < end + 4 + number) return undefined;
    return { value: bytes.toString("utf8", end + 2, end + 2 + number), next: end + 4 + number };
  }
  const values = [];
  let next = end + 2;
  for (let i = 0; i < number; i++) {
    const inner = replyAt(bytes, next);
    if (inner === undefined) return undefined;
    values.push(inner.value);
    next = inner.next;
  }
  return { value: values, next };
}

export class Client {
  #socket;
  #received = Buffer.alloc(0);
  #waiting = [];

  static async open(port) {
    const client = new Client();
    client.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    client.#socket.on("data", (chunk) => client.#receive(chunk));
    client.#socket.on("error", () => {});
    client.#socket.on("close", () => {
      for (const { reject } of client.#waiting.splice(0)) reject(new Error("the connection has ended"));
    });
    await once(client.#socket, "connect");
    return client;
  }

  get closed() {
    return this.#socket.closed;
  }

  /** Bytes, to which so many replies are expected. */
  send(bytes, replies = 1) {
    if (this.#socket.destroyed) return Promise.reject(new Error("the connection has ended"));
    this.#socket.write(bytes);
    return Promise.all(
      Array.from(
        { length: replies },
        () => new Promise((resolve, reject) => this.#waiting.push({ resolve, reject })),
      ),
    );
  }

  async call(...words) {
    const [reply] = await this.send(request(...words));
    return reply;
  }

  /** Without a good-bye. */
  break() {
    this.#socket.resetAndDestroy();
  }

  async end() {
    if (this.#socket.closed) return;
    this.#socket.end();
    await once(this.#socket, "close");
  }

  async ended() {
    if (!this.#socket.closed) await once(this.#socket, "close");
  }

  #receive(chunk) {
    this.#received = Buffer.concat([this.#received, chunk]);
    let at = 0;
    for (let found = replyAt(this.#received, at); found !== undefined; found = replyAt(this.#received, at)) {
      at = found.next;
      this.#waiting.shift()?.resolve(found.value);
      if (at === this.#received.length) break;
    }
    this.#received = this.#received.subarray(at);
  }
}
