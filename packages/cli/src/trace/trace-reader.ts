// Reads an mtrace log, plain or packed (told by its first bytes, not by its name), piece by piece: the text is never
// in memory as a whole, only the operations it stands for (8 bytes each; 12 when a request is over 2 GiB). A log that
// stops early is read as far as it goes.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { CliError, messageOf } from "../errors.ts";
import type { Bytes } from "../unpack/bytes.ts";
import { unpack } from "../unpack/unpack.ts";
import { LineParser } from "./line-parser.ts";
import type { Trace } from "./trace.ts";

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Bytes of the file read so far, and its size (0 when it has none, such as a pipe). */
  readonly onProgress?: (readBytes: number, fileBytes: number) => void;
}

const pieceBytes = 128 * 1024;

/** @throws CliError ERR_UNREADABLE_TRACE, ERR_NOT_A_TRACE; an AbortError */
export async function readTrace(path: string, options: ReadOptions = {}): Promise<Trace> {
  const lines = new LineParser();
  const text = unpack(bytesOf(path, options), path);
  let next = await text.next();
  for (; !next.done; next = await text.next()) lines.push(next.value);
  const cut = next.value;
  const trace = lines.finish(path, cut);
  if (trace) return trace;
  const why = cut ? ` (${cut.reason})` : "";
  throw new CliError("ERR_NOT_A_TRACE", `${path}: not one record of an mtrace log in it${why}`);
}

async function* bytesOf(path: string, { signal, onProgress }: ReadOptions): Bytes {
  let readBytes = 0;
  try {
    const fileBytes = (await stat(path)).size;
    const source = createReadStream(path, { highWaterMark: pieceBytes, ...(signal && { signal }) });
    for await (const piece of source as AsyncIterable<Buffer>) {
      readBytes += piece.length;
      onProgress?.(readBytes, fileBytes);
      yield piece;
    }
    return undefined;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new CliError("ERR_UNREADABLE_TRACE", `${path}: ${messageOf(error)}`, { cause: error });
  }
}
