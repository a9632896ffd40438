// Requests of RESP2, found in place in the bytes that were received: an argument is where it begins and where it ends.
//
//   request = *COUNT\r\n then COUNT times $LENGTH\r\n BYTES\r\n, or one line of words (an inline command, without quotes)
//
// A request that is not complete is left where it is. `resumeAt`, `remaining` and `needed` say how to go on with `resume` when
// more bytes are there. However small the pieces, only the line of a count or a length that was cut is read again, and the request once more
// when all of it is there.

export const [COMPLETE, INCOMPLETE, WRONG] = [0, 1, 2];

const [CR, LF, SPACE, MINUS, DOLLAR, STAR, ZERO] = [13, 10, 32, 45, 36, 42, 48];
const lineLimit = 65_536; // of an inline command
const numberLimit = 24; // of a count or a length with its mark: the longest number has 20 bytes
const NO_NUMBER = Number.NaN;

export class Parser {
  #maxBulkBytes;
  #maxArguments;
  #number = 0;

  /** Of the last request that was complete: how many arguments, and where each is. */
  count = 0;
  starts = new Int32Array(16);
  ends = new Int32Array(16);
  /** Behind that request. */
  next = 0;
  /** After WRONG: what to answer. */
  error = "";
  /** After INCOMPLETE, from the request's start: where to go on, arguments to come (-1: not known yet), and bytes it has at least. */
  resumeAt = 0;
  remaining = -1;
  needed = 0;

  constructor({ maxBulkBytes = 2 ** 20, maxArguments = 2 ** 16 } = {}) {
    this.#maxBulkBytes = maxBulkBytes;
    this.#maxArguments = maxArguments;
  }

  /** The request that begins at `from`; bytes from `to` on are not there yet. */
  parse(bytes, from, to) {
    return this.#requestFrom(bytes, from, to, from, -1, true);
  }

  /** Looks on, from where the last look at this request ended. COMPLETE: `parse` finds it. */
  resume(bytes, from, to, resumeAt, remaining) {
    return this.#requestFrom(bytes, from, to, from + resumeAt, remaining, false);
  }

  #requestFrom(bytes, from, to, start, remainingAtStart, keeps) {
    let [at, remaining] = [start, remainingAtStart];
    if (remaining === -1) {
      if (at >= to && from === at) return this.#incomplete(from, at, -1, at + 1);
      if (bytes[from] !== STAR) return this.#inline(bytes, from, to, at);
      const behind = this.#numberAt(bytes, at, to);
      if (behind === 0) return this.#more(from, at, to, -1, "too big mbulk count string");
      if (!(this.#number <= this.#maxArguments)) return this.#wrong("invalid multibulk length");
      remaining = Math.max(0, this.#number);
      at = behind;
      if (keeps) this.#room(remaining);
    }
    const first = remaining;
    for (; remaining > 0; remaining--) {
      if (at >= to) return this.#incomplete(from, at, remaining, at + 1);
      if (bytes[at] !== DOLLAR)
        return this.#wrong(`expected '$', got '${String.fromCharCode(bytes[at]).replace(/[^ -~]/, "?")}'`);
      const behind = this.#numberAt(bytes, at, to);
      if (behind === 0) return this.#more(from, at, to, remaining, "too big bulk count string");
      const length = this.#number;
      if (!(length >= 0 && length <= this.#maxBulkBytes)) return this.#wrong("invalid bulk length");
      const end = behind + length;
      if (end + 2 > to) return this.#incomplete(from, at, remaining, end + 2);
      if (bytes[end] !== CR || bytes[end + 1] !== LF) return this.#wrong("a bulk is longer than its length");
      if (keeps) {
        this.starts[first - remaining] = behind;
        this.ends[first - remaining] = end;
      }
      at = end + 2;
    }
    if (keeps) this.count = first;
    this.next = at;
    return COMPLETE;
  }

  /** The number behind the mark at `at`, as `#number`; returns what is behind its line, or 0 where the line has no end yet. */
  #numberAt(bytes, at, to) {
    let i = at + 1;
    const negative = i < to && bytes[i] === MINUS;
    if (negative) i++;
    const first = i;
    let number = 0;
    for (; i < to && i < at + numberLimit; i++) {
      const digit = bytes[i] - ZERO;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
    }
    if (i >= to || (bytes[i] === CR && i + 1 >= to)) return 0;
    const good = i > first && bytes[i] === CR && bytes[i + 1] === LF;
    this.#number = good ? (negative ? -number : number) : NO_NUMBER;
    return i + 2;
  }

  #inline(bytes, from, to, searched) {
    const limit = Math.min(to, from + lineLimit);
    let end = searched;
    while (end < limit && bytes[end] !== LF) end++;
    if (end >= limit) return this.#more(from, end, to, -1, "too big inline request", lineLimit);
    this.next = end + 1;
    this.count = 0;
    if (end > from && bytes[end - 1] === CR) end--;
    for (let at = from; at < end; at++) {
      if (bytes[at] === SPACE) continue;
      this.#room(this.count + 1);
      this.starts[this.count] = at;
      while (at < end && bytes[at] !== SPACE) at++;
      this.ends[this.count++] = at;
    }
    return COMPLETE;
  }

  #more(from, at, to, remaining, tooLong, limit = numberLimit) {
    if (to - (limit === lineLimit ? from : at) >= limit) return this.#wrong(tooLong);
    return this.#incomplete(from, at, remaining, to + 1);
  }

  #incomplete(from, at, remaining, neededTo) {
    this.resumeAt = at - from;
    this.remaining = remaining;
    this.needed = neededTo - from;
    return INCOMPLETE;
  }

  #wrong(why) {
    this.error = `ERR Protocol error: ${why}`;
    return WRONG;
  }

  #room(count) {
    if (count <= this.starts.length) return;
    const length = Math.max(count, 2 * this.starts.length);
    const grown = (old) => {
      const numbers = new Int32Array(length);
      numbers.set(old);
      return numbers;
    };
    [this.starts, this.ends] = [grown(this.starts), grown(this.ends)];
  }
}
