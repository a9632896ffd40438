// Two layers of cache: the first a SharedCache of all processes of this machine, the second a redis of all machines. Whoever writes
// says so to all by publish, in one transaction with the write. Each process that hears of it takes the key out of the first layer.
//
// How stale a value of the first layer can be: redis hands a connection its messages and replies in order. So when a PING on the
// subscriber's connection is answered, every write that redis had carried out before that PING was sent is known here.
//
//   freshAt = when the last PING that was answered was sent:  a write acknowledged before freshAt is seen
//
// A fetched value may be older than a write that another process has heard of already. So whoever fetches leaves a mark in the first
// layer before it asks redis, and puts the value in place of that mark, or nowhere:
//
//   first layer:  nothing -> mark -> value        each message, and each new subscription, leads back to nothing
//
// A write that redis carries out behind the fetch is heard of behind the mark: the mark has gone then, or the value goes. A mark of a
// process that was killed expires. When a subscription is made anew, messages may have been missed: the first layer is emptied.
//
// A writer could also take the key out of its own machine's layer. It does not, so that all machines are alike here.

import { Link, SecondLayerError } from "./link.mjs";

const channel = "forget";
const confirmMilliseconds = 20;

/** Milliseconds on a clock that all processes of a machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

const valueSign = "=";
const markSign = "?";

export class Layers {
  #first;
  #calls;
  #subscription;
  #timer;
  #markMilliseconds;
  #fetches = 0;
  #freshAt = Number.NEGATIVE_INFINITY;

  /** The first layer is a SharedCache of texts. A call of the second ends `within` milliseconds. */
  constructor(first, port, { within = 200 } = {}) {
    this.#first = first;
    this.#markMilliseconds = 2 * within;
    this.#calls = new Link(port, { within });
    this.#subscription = new Link(port, {
      within,
      opened: () => this.#quietly(this.#subscription.call(["SUBSCRIBE", channel])),
      pushed: (value) => this.#hear(value),
    });
    this.#timer = setInterval(() => this.#quietly(this.#confirm()), confirmMilliseconds);
  }

  /** `{ value, layer, freshAt }`; value undefined where neither has it. @throws SecondLayerError when the first layer has none */
  async get(key) {
    const found = this.#first.get(key);
    if (found?.startsWith(valueSign)) return { value: found.slice(1), layer: 1, freshAt: this.#freshAt };
    const mark = `${markSign}${process.pid} ${this.#fetches++}`;
    const isMarked = found === undefined && this.#first.insert(key, mark, { ttl: this.#markMilliseconds });
    const freshAt = now();
    const value = await this.#calls.call(["GET", key]);
    if (value === null) return { value: undefined, layer: 2, freshAt };
    const put = (there) => (there === mark ? valueSign + value : undefined);
    if (isMarked) this.#first.update(key, put, { ttl: Number.POSITIVE_INFINITY });
    return { value, layer: 2, freshAt };
  }

  /** @throws SecondLayerError: whether the value is written, or will be, is not known then */
  async set(key, value) {
    await this.#calls.call(["MULTI"], ["SET", key, value], ["PUBLISH", channel, key], ["EXEC"]);
  }

  /** True for what was no reply to a call. */
  #hear(value) {
    if (!Array.isArray(value)) return false;
    const [kind, , key] = value;
    if (kind === "subscribe") this.#first.clear();
    if (kind === "message") this.#first.delete(key);
    return kind === "message";
  }

  async #confirm() {
    const sent = now();
    await this.#subscription.call(["PING"]);
    this.#freshAt = sent;
  }

  /** What does not come through is tried again by the timer, or at the next connection. */
  async #quietly(call) {
    try {
      await call;
    } catch (error) {
      if (!(error instanceof SecondLayerError)) throw error;
    }
  }

  end() {
    clearInterval(this.#timer);
    this.#calls.end();
    this.#subscription.end();
  }
}
