/**
 * A prepared operation stream: little-endian Int32 words that the C driver and the JavaScript
 * cases read alike. A header of HEADER_WORDS, then four sections of operations, then extra words:
 *
 *   setup    once, before the passes        head     timed, every pass
 *   tail     timed apart, every pass        closing  once, after the passes: frees what is left
 *
 * An operation is `slot, size` (slot ≥ 0: allocate size bytes, keep the address in table[slot]) or
 * `~slot` (negative: free table[slot]). After head and tail the same slots are live as before,
 * so a pass can be repeated. Sizes are at least 4: every object gets one 4-byte store. What the
 * extra words mean is up to the workload: the order of a walk, sizes, operations of another kind.
 */
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export const HEADER_WORDS = 32;
export const STREAM_MAGIC = 0x4253484f; // "OHSB"
export const STREAM_VERSION = 1;

export const sections = ["setup", "head", "tail", "closing"] as const;
export type Section = (typeof sections)[number];

export interface SectionSpan {
  readonly from: number; // word index into `words`
  readonly to: number;
  readonly ops: number; // an allocation or a free
  readonly allocs: number;
}

export interface StreamFacts {
  readonly slotCount: number;
  readonly peakLiveCount: number;
  readonly peakLiveBytes: number; // requested
  readonly peakWord: number; // word index just after the operation that reached the peak
  readonly maxRequestBytes: number;
  readonly passBytes: number; // requested by one pass
  readonly skippedOps: number; // left out while preparing (over the size limit)
}

export interface Stream extends Record<Section, SectionSpan>, StreamFacts {
  readonly words: Int32Array; // all four sections
  readonly extra: Int32Array;
}

/** Word numbers of the header; native/stream.h holds the same list. */
const at = {
  magic: 0,
  version: 1,
  section: 2, // four times: words, ops, allocs
  extraWords: 14,
  slotCount: 15,
  peakLiveCount: 16,
  peakWord: 17,
  maxRequestBytes: 18,
  skippedOps: 19,
  peakLiveBytes: 20, // low, high
  passBytes: 22, // low, high
} as const;

function putWide(header: Int32Array, index: number, value: number): void {
  header[index] = (value % 2 ** 32) | 0;
  header[index + 1] = Math.floor(value / 2 ** 32);
}

function getWide(header: Int32Array, index: number): number {
  return (header[index] >>> 0) + header[index + 1] * 2 ** 32;
}

export function encodeHeader(stream: Stream): Int32Array {
  const header = new Int32Array(HEADER_WORDS);
  header[at.magic] = STREAM_MAGIC;
  header[at.version] = STREAM_VERSION;
  sections.forEach((name, index) => {
    const { from, to, ops, allocs } = stream[name];
    header.set([to - from, ops, allocs], at.section + index * 3);
  });
  header[at.extraWords] = stream.extra.length;
  header[at.slotCount] = stream.slotCount;
  header[at.peakLiveCount] = stream.peakLiveCount;
  header[at.peakWord] = stream.peakWord;
  header[at.maxRequestBytes] = stream.maxRequestBytes;
  header[at.skippedOps] = stream.skippedOps;
  putWide(header, at.peakLiveBytes, stream.peakLiveBytes);
  putWide(header, at.passBytes, stream.passBytes);
  return header;
}

/** Reads a stream back from the words of a file. Throws when they are no stream of this version. */
export function decodeStream(all: Int32Array): Stream {
  if (all.length < HEADER_WORDS || all[at.magic] !== STREAM_MAGIC) throw new Error("not a prepared stream");
  if (all[at.version] !== STREAM_VERSION) throw new Error(`stream version ${all[at.version]} is not ours`);
  let from = 0;
  const span = (index: number): SectionSpan => {
    const [wordCount, ops, allocs] = all.subarray(at.section + index * 3);
    const result = { from, to: from + wordCount, ops, allocs };
    from = result.to;
    return result;
  };
  const [setup, head, tail, closing] = [span(0), span(1), span(2), span(3)];
  const extraAt = HEADER_WORDS + closing.to;
  if (all.length !== extraAt + all[at.extraWords]) throw new Error("prepared stream cut short");
  return {
    ...{ setup, head, tail, closing },
    words: all.subarray(HEADER_WORDS, extraAt),
    extra: all.subarray(extraAt),
    slotCount: all[at.slotCount],
    peakLiveCount: all[at.peakLiveCount],
    peakWord: all[at.peakWord],
    maxRequestBytes: all[at.maxRequestBytes],
    skippedOps: all[at.skippedOps],
    peakLiveBytes: getWide(all, at.peakLiveBytes),
    passBytes: getWide(all, at.passBytes),
  };
}

/** Written beside and renamed, so that two runs at once do no harm to each other. */
export function writeStream(path: string, stream: Stream): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}`;
  const file = openSync(beside, "w");
  for (const part of [encodeHeader(stream), stream.words, stream.extra]) {
    const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  }
  closeSync(file);
  renameSync(beside, path);
}

export function readStream(path: string): Stream {
  const bytes = readFileSync(path);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return decodeStream(new Int32Array(aligned.buffer, aligned.byteOffset, bytes.byteLength >> 2));
}
