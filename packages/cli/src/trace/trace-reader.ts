// Reads an mtrace log, plain or gzip (told by its first bytes, not by its name), piece by piece: the
// text is never in memory as a whole, only the operations it stands for (8 bytes each).
//
// A log that stops early is read as far as it goes. The last line of such a file may be half a line,
// and half a number is a number; so a line without its newline is not used, unless it is `= End`.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { CliError, messageOf } from "../errors.ts";
import { kinds, type MtraceRecord, parseRecord } from "./record.ts";
import type { Trace } from "./trace.ts";
import { TraceBuilder } from "./trace-builder.ts";

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Bytes of the file read so far, and its size (0 when it has none, such as a pipe). */
  readonly onProgress?: (readBytes: number, fileBytes: number) => void;
}

const newline = 0x0a;
/** No record is this long; a file without newlines must not be gathered into memory. */
const maxLineBytes = 64 * 1024;

export async function readTrace(path: string, options: ReadOptions = {}): Promise<Trace> {
  const lines = new LineParser();
  const cut = await readPieces(path, lines, options);
  const trace = lines.finish(path, cut);
  if (!trace) throw new CliError("ERR_NOT_A_TRACE", `${path}: not one record of an mtrace log in it`);
  return trace;
}

/** Feeds the whole file to `lines`. Returns why it ended early, if it did. */
async function readPieces(
  path: string,
  lines: LineParser,
  options: ReadOptions,
): Promise<string | undefined> {
  let inflater: Inflater | undefined;
  let readBytes = 0;
  try {
    const fileBytes = (await stat(path)).size;
    const source = createReadStream(path, {
      highWaterMark: 128 * 1024,
      ...(options.signal && { signal: options.signal }),
    });
    for await (const piece of source as AsyncIterable<Buffer>) {
      if (readBytes === 0 && piece[0] === 0x1f && (piece.length === 1 || piece[1] === 0x8b)) {
        inflater = new Inflater((text) => lines.push(text));
      }
      readBytes += piece.length;
      if (!inflater) lines.push(piece);
      else if (!(await inflater.write(piece))) break;
      options.onProgress?.(readBytes, fileBytes);
    }
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new CliError("ERR_UNREADABLE_TRACE", `${path}: ${messageOf(error)}`, { cause: error });
  }
  return inflater?.end();
}

/**
 * Gunzip that hands on all it could inflate before it failed. (As an async iterable the stream drops
 * what it still holds when the error comes.)
 */
class Inflater {
  readonly #gunzip = createGunzip();
  readonly #closed: Promise<void>;
  #failure: string | undefined;

  constructor(onText: (text: Buffer) => void) {
    this.#gunzip.on("data", onText);
    this.#closed = new Promise((resolve) => {
      this.#gunzip.on("close", resolve);
      this.#gunzip.on("error", (error) => {
        const isCut = error.message === "unexpected end of file";
        this.#failure = isCut
          ? "the gzip stream is cut off"
          : `the gzip stream is damaged (${error.message})`;
        resolve();
      });
    });
  }

  /** False when the stream has failed and wants no more. */
  async write(piece: Buffer): Promise<boolean> {
    if (this.#failure !== undefined) return false;
    await Promise.race([this.#closed, new Promise((resolve) => this.#gunzip.write(piece, resolve))]);
    return this.#failure === undefined;
  }

  async end(): Promise<string | undefined> {
    this.#gunzip.end();
    await this.#closed;
    return this.#failure;
  }
}

/** Cuts pieces of text into lines, and hands each to the builder as a record or as malformed. */
class LineParser {
  readonly #builder = new TraceBuilder();
  readonly #record: MtraceRecord = { kind: kinds.blank, address: 0, size: 0 };
  #line = 0;
  /** The beginning of a line whose end comes with the next piece. */
  #rest: Uint8Array = new Uint8Array(0);
  #skipping = false;

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

  finish(path: string, cut: string | undefined): Trace | undefined {
    const rest = Buffer.from(this.#rest).toString("latin1").trim();
    let truncated = cut;
    if (rest === "= End" && !this.#skipping) this.#parse(this.#rest, 0, this.#rest.length);
    else if (rest !== "" || this.#skipping)
      truncated ??= `line ${this.#line + 1} ends without a newline and is left out`;
    return this.#builder.isTrace ? this.#builder.finish(path, truncated) : undefined;
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
    const reason = parseRecord(bytes, start, end, this.#record);
    if (reason === undefined) this.#builder.add(this.#record, line);
    else this.#builder.malformed(line, reason);
  }
}
