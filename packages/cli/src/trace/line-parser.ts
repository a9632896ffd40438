// Pieces of text, cut into lines; each goes to the builder as a record or as malformed.
//
// The last line of a log that stops early may be half a line, and half a number is a number; so a line without its
// newline is not used, unless it is `= End`.

import type { Cut } from "../unpack/bytes.ts";
import { newRecord, parseRecord } from "./record.ts";
import type { Trace } from "./trace.ts";
import { TraceBuilder } from "./trace-builder.ts";

const newline = 0x0a;
/** No record is this long; a file without newlines must not be gathered into memory. */
const maxLineBytes = 64 * 1024;
/** Of UTF-8; files put one after the other have one before each. */
const byteOrderMark = [0xef, 0xbb, 0xbf] as const;

export class LineParser {
  readonly #builder = new TraceBuilder();
  readonly #record = newRecord();
  #line = 0;
  /** The beginning of a line whose end comes with the next piece. */
  #rest: Uint8Array = new Uint8Array(0);
  #skipping = false;

  /** The piece may be overwritten afterwards. */
  push(piece: Uint8Array): void {
    let start = 0;
    let end = piece.indexOf(newline);
    if (end >= 0 && (this.#rest.length > 0 || this.#skipping)) {
      this.#joined(piece.subarray(0, end));
      start = end + 1;
      end = piece.indexOf(newline, start);
    }
    while (end >= 0) {
      this.#parse(piece, start, end);
      start = end + 1;
      end = piece.indexOf(newline, start);
    }
    this.#keep(piece.subarray(start));
  }

  /** Undefined when there was not one record. */
  finish(path: string, cut: Cut | undefined): Trace | undefined {
    const rest = Buffer.from(this.#rest).toString("latin1").trim();
    let missing: string | undefined;
    if (rest === "= End" && !this.#skipping) this.#parse(this.#rest, 0, this.#rest.length);
    else if (rest !== "" || this.#skipping)
      missing = `line ${this.#line + 1} ends without a newline and is left out`;
    return this.#builder.isTrace ? this.#builder.finish(path, cut, missing) : undefined;
  }

  #joined(end: Uint8Array): void {
    const line = Buffer.concat([this.#rest, end]);
    this.#rest = new Uint8Array(0);
    if (this.#skipping) this.#builder.malformed(++this.#line, "longer than any record");
    else this.#parse(line, 0, line.length);
    this.#skipping = false;
  }

  #keep(end: Uint8Array): void {
    if (this.#rest.length + end.length > maxLineBytes) this.#skipping = true;
    this.#rest = this.#skipping ? new Uint8Array(0) : Buffer.concat([this.#rest, end]);
  }

  #parse(bytes: Uint8Array, start: number, end: number): void {
    const line = ++this.#line;
    const hasMark = bytes[start] === byteOrderMark[0] && isMark(bytes, start);
    const reason = parseRecord(bytes, hasMark ? start + byteOrderMark.length : start, end, this.#record);
    if (reason === undefined) this.#builder.add(this.#record, line);
    else this.#builder.malformed(line, reason);
  }
}

function isMark(bytes: Uint8Array, start: number): boolean {
  return byteOrderMark.every((byte, i) => bytes[start + i] === byte);
}
