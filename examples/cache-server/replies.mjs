// Replies of RESP2, written one behind the other into one buffer that is used again when the socket has taken all of it.

const firstBytes = 65_536;
const keepsBytes = 2 ** 20;

export class Replies {
  #buffer = Buffer.allocUnsafeSlow(firstBytes);
  length = 0;

  /** A line: `+OK`, `-ERR …`, `:1`, `$-1`, `*2`. In what came from outside there is no line's end. */
  line(text) {
    this.#room(text.length + 2);
    this.length += this.#buffer.latin1Write(text, this.length);
    this.#lineEnd();
  }

  integer(number) {
    this.line(`:${number}`);
  }

  error(text) {
    this.line(`-${text.replace(/[^ -~]/g, "?")}`);
  }

  /** Bytes, or null for undefined. */
  bulk(bytes) {
    if (bytes === undefined) return this.line("$-1");
    this.line(`$${bytes.length}`);
    this.#room(bytes.length + 2);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
    this.#lineEnd();
  }

  /** All that was written, to the socket. Whether that wants no more for now. */
  send(socket) {
    if (this.length === 0) return true;
    const wantsMore = socket.write(this.#buffer.subarray(0, this.length));
    // What the kernel has not taken yet is still read from the buffer.
    if (socket.writableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(firstBytes);
    else if (this.#buffer.length > keepsBytes) this.#buffer = Buffer.allocUnsafeSlow(firstBytes);
    this.length = 0;
    return wantsMore;
  }

  #lineEnd() {
    this.#buffer[this.length++] = 13;
    this.#buffer[this.length++] = 10;
  }

  #room(bytes) {
    if (this.length + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, this.length + bytes));
    this.#buffer.copy(grown, 0, 0, this.length);
    this.#buffer = grown;
  }
}
