// A connection to redis that comes back by itself. A call ends within its time: with the reply, or with a SecondLayerError.
//
// A call that was silent for too long may still be carried out. So the connection stays, which keeps the order of what was sent on it:
// an older write can never come behind a newer one. While a reply is overdue, further calls are refused at once.

import { connect } from "node:net";
import { replyAt, request } from "../cache-server/client.mjs";

const againMilliseconds = 50;

/** `code`: ERR_SECOND_LAYER_CLOSED, nothing listens; ERR_SECOND_LAYER_SILENT, no reply in time; ERR_SECOND_LAYER_REFUSED, its error. */
export class SecondLayerError extends Error {
  name = "SecondLayerError";

  constructor(code, message) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export class Link {
  #port;
  #within;
  #socket;
  #received = Buffer.alloc(0);
  #waiting = [];
  #ended = false;

  /** `opened` is called at each new connection; `pushed` with what comes in, and is true for what answers no call. */
  constructor(port, { within = 200, opened = () => {}, pushed = () => false } = {}) {
    this.#port = port;
    this.#within = within;
    this.#open(opened, pushed);
  }

  #open(opened, pushed) {
    if (this.#ended) return;
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    socket.on("error", () => {});
    socket.on("connect", () => {
      this.#socket = socket;
      opened();
    });
    socket.on("data", (chunk) => this.#receive(chunk, pushed));
    socket.on("close", () => {
      this.#socket = undefined;
      this.#received = Buffer.alloc(0);
      const error = new SecondLayerError("ERR_SECOND_LAYER_CLOSED", "the connection has ended");
      for (const call of this.#waiting.splice(0)) call.end(error);
      setTimeout(() => this.#open(opened, pushed), againMilliseconds);
    });
  }

  #receive(chunk, pushed) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (at < this.#received.length) {
      const found = replyAt(this.#received, at);
      if (found === undefined) break;
      at = found.next;
      if (!pushed(found.value)) this.#waiting.shift()?.end(found.value); // a reply that is overdue ends nothing
    }
    this.#received = this.#received.subarray(at);
  }

  /** Several commands in one go; the reply to the last of them. */
  call(...commands) {
    const socket = this.#socket;
    if (socket === undefined)
      return Promise.reject(new SecondLayerError("ERR_SECOND_LAYER_CLOSED", "nobody listens"));
    const now = performance.now();
    if (this.#waiting.length > 0 && now - this.#waiting[0].since > this.#within)
      return Promise.reject(new SecondLayerError("ERR_SECOND_LAYER_SILENT", "an earlier reply is overdue"));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new SecondLayerError("ERR_SECOND_LAYER_SILENT", `no reply within ${this.#within} ms`)),
        this.#within,
      );
      const end = (value) => {
        clearTimeout(timer);
        if (value instanceof SecondLayerError) reject(value);
        else if (value instanceof Error)
          reject(new SecondLayerError("ERR_SECOND_LAYER_REFUSED", value.message));
        else resolve(value);
      };
      for (let i = 1; i < commands.length; i++) this.#waiting.push({ since: now, end: () => {} });
      this.#waiting.push({ since: now, end });
      socket.write(commands.map((words) => request(...words)).join(""));
    });
  }

  end() {
    this.#ended = true;
    this.#socket?.destroy();
  }
}
