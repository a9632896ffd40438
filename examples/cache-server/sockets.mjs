// How a thread is handed a connection that the main thread has accepted. Node gives sockets to processes, not to threads. But a socket is
// a number of the process, of which a thread can make a socket of its own. The number must be another than the one that the main
// thread's own socket closes: C's `dup` makes it.

import { closeSync } from "node:fs";
import { Socket } from "node:net";

/** C's `dup`, by the package koffi; or the reason why there is none. */
async function findDup() {
  try {
    const { default: koffi } = await import("koffi");
    return { dup: koffi.load(null).func("int dup(int)"), reason: undefined };
  } catch (error) {
    return { dup: undefined, reason: `a connection cannot be given to a thread: ${error.message}` };
  }
}

const { dup, reason } = await findDup();

export { reason };

/** The number to post to a thread. The socket itself is closed: what is at its other end does not notice. -1: none is left. */
export function numberOf(socket) {
  const number = socket.destroyed || socket._handle === null ? -1 : dup(socket._handle.fd);
  socket.destroy();
  return number;
}

/** In the thread: the connection, which closes its number at its end. */
export const socketOf = (number) => new Socket({ fd: number });

/** For a number that no thread has taken. */
export const closeNumber = closeSync;
