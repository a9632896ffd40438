/** What JavaScript gives by itself: typed arrays, Buffers and plain objects, freed by the collector. */
import type { JsPeer } from "./peer.ts";
import { objectRunner, type ReadableMaker } from "./runners.ts";

const firstByte = (bytes: Uint8Array): number => bytes[0];

const typedArrays: ReadableMaker<Uint8Array> = {
  make(size, first) {
    const bytes = new Uint8Array(size);
    bytes[0] = first;
    return bytes;
  },
  fill: (size, first) => new Uint8Array(size).fill(first),
  first: firstByte,
};

const pooledBuffers: ReadableMaker<Uint8Array> = {
  make(size, first) {
    const bytes = Buffer.allocUnsafe(size);
    bytes[0] = first;
    return bytes;
  },
  fill: (size, first) => Buffer.allocUnsafe(size).fill(first),
  first: firstByte,
};

const slowBuffers: ReadableMaker<Uint8Array> = {
  make(size, first) {
    const bytes = Buffer.allocUnsafeSlow(size);
    bytes[0] = first;
    return bytes;
  },
  fill: (size, first) => Buffer.allocUnsafeSlow(size).fill(first),
  first: firstByte,
};

/** Map, properties, elements and five fields: 64 bytes in a Node without pointer compression. */
interface PlainRecord {
  first: number;
  b: number;
  c: number;
  d: number;
  e: number;
}

const plainRecord = (first: number): PlainRecord => ({ first, b: 0, c: 0, d: 0, e: 0 });

const plainObjects: ReadableMaker<PlainRecord> = {
  make: (_size, first) => plainRecord(first),
  fill: (_size, first) => plainRecord(first),
  first: (object) => object.first,
};

export const objectPeers: JsPeer[] = [
  { id: "uint8array", title: "new Uint8Array(n)", open: (stream) => objectRunner(stream, typedArrays) },
  { id: "buffer", title: "Buffer.allocUnsafe(n)", open: (stream) => objectRunner(stream, pooledBuffers) },
  {
    id: "buffer-slow",
    title: "Buffer.allocUnsafeSlow(n)",
    open: (stream) => objectRunner(stream, slowBuffers),
  },
  {
    id: "object",
    title: "plain object of five fields (64 B)",
    refuses: ({ maxRequestBytes }, mode) =>
      maxRequestBytes > 64 && mode !== "walk" ? "stands for records of 64 B only" : undefined,
    open: (stream) => objectRunner(stream, plainObjects),
  },
];
