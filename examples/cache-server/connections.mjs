// Connections: what each one is about stands in a record, and the bytes of a half request in the heap's memory. So a thread that is
// terminated leaves nothing: its records and bytes were its own, and whoever reaps it frees them.
//
//   length = 0: no bytes are kept, pending = 0
//   length > 0: they are at `pending`, which has room for `capacity`; nothing is looked at before there are `needed`
//
// A client that does not read its replies is not read from either, once the socket has enough of them.

import { f64, i32, struct, u32 } from "offheap/records";
import { answer } from "./commands.mjs";
import { COMPLETE, INCOMPLETE, Parser } from "./parser.mjs";
import { Replies } from "./replies.mjs";

export const Connection = struct({
  ...{ since: f64, requests: f64, bytesIn: f64 },
  ...{ pending: u32, length: u32, capacity: u32 },
  ...{ needed: u32, resumeAt: u32, remaining: i32 },
});

const repliesAtOnce = 262_144;
const leastCapacity = 256;
const goodByeMilliseconds = 1000;

export class Connections {
  #server;
  #heap;
  #records;
  #parser;
  #replies = new Replies();
  #maxRequestBytes;
  #sockets = new Set();

  /** `server` is what commands are given; records of `Connection` are in the heap. */
  constructor(server, heap, records, { maxRequestBytes = 2 ** 24, ...limits } = {}) {
    this.#server = server;
    this.#heap = heap;
    this.#records = records;
    this.#maxRequestBytes = maxRequestBytes;
    this.#parser = new Parser(limits);
  }

  get size() {
    return this.#sockets.size;
  }

  add(socket) {
    let handle;
    try {
      handle = this.#records.create({ since: Date.now(), remaining: -1 });
    } catch {
      socket.on("error", () => {});
      return void socket.end("-ERR max number of clients reached\r\n");
    }
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(socket, handle, chunk));
    socket.on("drain", () => {
      if (!socket.isPaused()) return;
      socket.resume();
      this.#goOn(socket, handle);
    });
    socket.on("error", () => {}); // "close" comes next
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#forget(this.#records.at(handle));
      this.#records.free(handle);
    });
  }

  #receive(socket, handle, chunk) {
    const connection = this.#records.at(handle);
    connection.bytesIn += chunk.length;
    if (connection.length === 0) return this.#serve(socket, connection, chunk, 0, chunk.length);
    if (this.#keep(socket, connection, chunk, 0, chunk.length)) this.#goOn(socket, handle);
  }

  /** With the bytes that are kept. */
  #goOn(socket, handle) {
    const connection = this.#records.at(handle);
    const { pending, length, needed, resumeAt, remaining } = connection;
    if (length === 0 || length < needed || socket.destroyed) return;
    const bytes = this.#heap.u8;
    if (resumeAt > 0) {
      const state = this.#parser.resume(bytes, pending, pending + length, resumeAt, remaining);
      if (state === INCOMPLETE) return this.#noteHalf(socket, connection);
      if (state !== COMPLETE) return this.#refuse(socket, this.#parser.error);
    }
    this.#serve(socket, connection, bytes, pending, pending + length);
  }

  #serve(socket, connection, bytes, first, to) {
    let from = first;
    let state = COMPLETE;
    let wantsMore = true;
    while (from < to && wantsMore) {
      state = this.#parser.parse(bytes, from, to);
      if (state !== COMPLETE) break;
      from = this.#parser.next;
      if (this.#parser.count === 0) continue;
      connection.requests++;
      if (answer(this.#server, bytes, this.#parser, this.#replies) === "close") {
        return this.#end(socket);
      }
      if (this.#replies.length > repliesAtOnce) wantsMore = this.#replies.send(socket);
    }
    if (state === COMPLETE || state === INCOMPLETE) {
      if (!this.#replies.send(socket)) wantsMore = false;
      if (!this.#keepRest(socket, connection, bytes, from, to)) return;
      if (state === INCOMPLETE) this.#noteHalf(socket, connection);
      else Object.assign(connection, { needed: 0, resumeAt: 0, remaining: -1 });
      if (!wantsMore) socket.pause();
    } else this.#refuse(socket, this.#parser.error);
  }

  /** How to go on with the half request at the start of what is kept. */
  #noteHalf(socket, connection) {
    const { needed, resumeAt, remaining } = this.#parser;
    if (needed > this.#maxRequestBytes) return this.#refuse(socket, "ERR Protocol error: too big request");
    connection.needed = needed;
    connection.resumeAt = resumeAt;
    connection.remaining = remaining;
  }

  #keepRest(socket, connection, bytes, from, to) {
    if (from === to) this.#forget(connection);
    else if (bytes !== this.#heap.u8) return this.#keep(socket, connection, bytes, from, to);
    else {
      bytes.copyWithin(connection.pending, from, to);
      connection.length = to - from;
    }
    return true;
  }

  /** Bytes of a buffer to the end of what is kept. */
  #keep(socket, connection, bytes, from, to) {
    const { pending, length, capacity } = connection;
    const total = length + to - from;
    if (total > capacity) {
      const wanted = Math.max(leastCapacity, total, Math.min(2 * total, connection.needed));
      try {
        connection.pending =
          pending === 0 ? this.#heap.allocate(wanted) : this.#heap.reallocate(pending, wanted);
      } catch {
        return this.#refuse(socket, "ERR out of memory");
      }
      connection.capacity = wanted;
    }
    this.#heap.u8.set(bytes.subarray(from, to), connection.pending + length);
    connection.length = total;
    return true;
  }

  #forget(connection) {
    const { pending } = connection;
    Object.assign(connection, { pending: 0, length: 0, capacity: 0, needed: 0, resumeAt: 0, remaining: -1 });
    if (pending !== 0) this.#heap.deallocate(pending);
  }

  /** As redis does after a wrong request: what came before it is answered, it is told what was wrong, and that is all. */
  #refuse(socket, error) {
    this.#replies.error(error);
    this.#end(socket);
    return false;
  }

  /** Sends what is left. What comes in is read and dropped, else the kernel might drop the reply; a client has a second to go. */
  #end(socket) {
    this.#replies.send(socket);
    socket.end();
    socket.removeAllListeners("data").removeAllListeners("drain").resume();
    setTimeout(() => socket.destroy(), goodByeMilliseconds).unref();
  }
}
