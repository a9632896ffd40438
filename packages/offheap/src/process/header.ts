// The header of a heap's file, read before anything is mapped: what the file is, and whether it was made to its end.
//
//   file = header (64 KiB) | heap          bytes = (1 + chunks) × 64 KiB

import type { FileFacts, ProcessCalls } from "../base/index.ts";
import {
  byteOrderMark,
  chunkBytes,
  fileHeader,
  fileHeaderAt,
  fileHeaderWords,
  fileMark,
  fileStatus,
  fileVersion,
  layoutVersion,
} from "../layout/index.ts";
import { bufferOf, hardwareAccess, type MemorySource } from "../memory/index.ts";
import { granted, noHeapFile, wrongPath } from "./refusals.ts";

export const headerBytes = fileHeaderAt;
const notBegun = "it does not begin as one";
/** What is in a file. */
export const kinds = ["memory", "slab", "pool"] as const;
export type FileKind = (typeof kinds)[number];

export interface FileHeader {
  /** Bytes of the heap. */
  readonly bytes: number;
  readonly kind: FileKind;
  /** Whether what a dead process had allocated is freed. */
  readonly live: boolean;
}

/** Facts of an open file that may be a heap's. @throws ERR_INVALID_OPTION for one that may not */
export function assertUsable(path: string, facts: FileFacts, user: number): void {
  if (!facts.isFile) throw wrongPath(path, "it is no regular file");
  if (facts.owner !== user && user !== -1)
    throw wrongPath(path, `it belongs to user ${facts.owner}, and this process to user ${user}`);
}

/** Whatever version it is of, and cut short or not. @throws ERR_INCOMPATIBLE_HEAP for another file */
export function assertHeapFile(calls: ProcessCalls, path: string, descriptor: number): void {
  const words = new Int32Array(1);
  granted(path, calls.read(descriptor, new Uint8Array(words.buffer)));
  if (words[0] !== fileMark) throw noHeapFile(path, notBegun);
}

/** The header of a file that was made to its end; undefined of one that was not, or is empty. @throws ERR_INCOMPATIBLE_HEAP */
export function readFileHeader(
  calls: ProcessCalls,
  path: string,
  descriptor: number,
): FileHeader | undefined {
  const bytes = new Uint8Array(fileHeaderWords * 4);
  const count = granted(path, calls.read(descriptor, bytes));
  if (count === 0) return undefined;
  const words = new Int32Array(bytes.buffer);
  if (count < bytes.length) throw noHeapFile(path, `it has ${count} bytes`);
  const wrong = wrongIn(words);
  if (wrong !== undefined) throw noHeapFile(path, wrong);
  if (words[fileHeader.status] === fileStatus.formatting) return undefined;
  const chunks = (words[fileHeader.chunks] as number) >>> 0;
  const kind = kinds[words[fileHeader.kind] as number];
  if (words[fileHeader.status] !== fileStatus.ready || kind === undefined || chunks === 0)
    throw noHeapFile(path, "its header is damaged");
  // After the status: a file that is ready has its length.
  const fileBytes = granted(path, calls.facts(descriptor)).bytes;
  if (fileBytes !== (1 + chunks) * chunkBytes)
    throw noHeapFile(path, `it has ${fileBytes} bytes where its heap takes ${(1 + chunks) * chunkBytes}`);
  return { bytes: chunks * chunkBytes, kind, live: words[fileHeader.live] !== 0 };
}

function wrongIn(words: Int32Array): string | undefined {
  const at = (word: number) => words[word] as number;
  if (at(fileHeader.mark) !== fileMark) {
    return swapped(at(fileHeader.mark)) === fileMark
      ? "it is of a machine with another order of bytes"
      : notBegun;
  }
  if (at(fileHeader.byteOrder) !== byteOrderMark) return "it is of a machine with another order of bytes";
  if (at(fileHeader.version) !== fileVersion)
    return `it is of version ${at(fileHeader.version)}, this library's are of ${fileVersion}`;
  if (at(fileHeader.layout) !== layoutVersion)
    return `its heap has layout version ${at(fileHeader.layout)}, this library ${layoutVersion}`;
  return undefined;
}

function swapped(word: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, word, true);
  return view.getInt32(0, false);
}

/** The header of a file that is about to be formatted: written before all else, so that a death in the midst is seen. */
export function newFileHeader({ bytes, kind, live }: FileHeader): Uint8Array {
  const words = new Int32Array(fileHeaderWords);
  words[fileHeader.mark] = fileMark;
  words[fileHeader.version] = fileVersion;
  words[fileHeader.byteOrder] = byteOrderMark;
  words[fileHeader.status] = fileStatus.formatting;
  words[fileHeader.chunks] = bytes / chunkBytes;
  words[fileHeader.kind] = kinds.indexOf(kind);
  words[fileHeader.layout] = layoutVersion;
  words[fileHeader.live] = live ? 1 : 0;
  return new Uint8Array(words.buffer);
}

/** The header's words in a memory over which the file is laid. */
export function headerWordsIn(memory: MemorySource): Int32Array {
  return hardwareAccess.words(bufferOf(memory), fileHeaderAt, headerBytes / 4);
}

/** The last store of formatting. */
export function markReady(words: Int32Array): void {
  hardwareAccess.atomics.store(words, fileHeader.status, fileStatus.ready);
}
