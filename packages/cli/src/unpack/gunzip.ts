// gzip (RFC 1952): members in a row, each a header, a DEFLATE stream, and a checksum and length of its text. Bytes of
// zero may follow the last one, as tapes leave them.

import { crc32 } from "node:zlib";
import { ByteInput, type Bytes, type Cut, damagedAt, endsEarlyAt } from "./bytes.ts";
import { Inflater } from "./inflate.ts";

const magic = [0x1f, 0x8b] as const;
const deflated = 8;
const flags = { headerChecksum: 2, extra: 4, name: 8, comment: 16, unknown: 0xe0 } as const;
const fixedHeaderBytes = 10;
const trailerBytes = 8;

export function isGzip(first: Uint8Array): boolean {
  return first[0] === magic[0] && first[1] === magic[1];
}

/** The text of a gzip stream, as far as it can be had; `name` is what a cut calls it. */
export async function* gunzip(source: Bytes, name: string): Bytes {
  const input = new ByteInput(source);
  const inflater = new Inflater(input);
  let next: "member" | "end" | Cut = "member";
  while (next === "member") {
    const cut: Cut | undefined = (await skipHeader(input, name)) ?? (yield* member(input, inflater, name));
    if (cut !== undefined) return cut;
    next = await whatFollows(input, name);
  }
  return next === "end" ? input.cut : next;
}

/** Where the layer below was cut, that is the cause. */
function short(input: ByteInput, name: string): Cut {
  return input.cut ?? endsEarlyAt(input.endOffset, name);
}

async function skipHeader(input: ByteInput, name: string): Promise<Cut | undefined> {
  if (!(await input.has(fixedHeaderBytes))) return short(input, name);
  const [, , method, given] = input.bytes.subarray(input.at);
  if (method !== deflated) return damagedAt(input.offset + 2, name, `method ${method} is none`);
  if ((given & flags.unknown) !== 0) return damagedAt(input.offset + 3, name, "flags that are none");
  input.at += fixedHeaderBytes;
  if ((given & flags.extra) !== 0) {
    if (!(await input.has(2))) return short(input, name);
    const [low, high] = input.bytes.subarray(input.at);
    if (!(await skip(input, 2 + low + 256 * high))) return short(input, name);
  }
  for (const text of [flags.name, flags.comment]) {
    if ((given & text) !== 0 && !(await skipText(input))) return short(input, name);
  }
  const isWhole = (given & flags.headerChecksum) === 0 || (await skip(input, 2));
  return isWhole ? undefined : short(input, name);
}

async function skip(input: ByteInput, count: number): Promise<boolean> {
  if (!(await input.has(count))) return false;
  input.at += count;
  return true;
}

/** It ends with a byte of zero, and may be of any length. */
async function skipText(input: ByteInput): Promise<boolean> {
  while (await input.has(1)) {
    const end = input.bytes.subarray(input.at, input.end).indexOf(0);
    input.at = end < 0 ? input.end : input.at + end + 1;
    if (end >= 0) return true;
  }
  return false;
}

async function* member(input: ByteInput, inflater: Inflater, name: string): Bytes {
  inflater.begin();
  let checksum = 0;
  let textBytes = 0;
  for (let step = inflater.run(); ; step = inflater.run()) {
    const text = inflater.take();
    checksum = crc32(text, checksum);
    textBytes += text.length;
    if (text.length > 0) yield text;
    if (step === "end") break;
    if (typeof step === "object") return damagedAt(inflater.offset, name, step.damage);
    if (step === "hungry" && input.isLast) return short(input, name);
    if (step === "hungry") await input.fill();
  }
  if (!(await input.has(trailerBytes))) return short(input, name);
  const trailer = new DataView(input.bytes.buffer, input.at, trailerBytes);
  if (trailer.getUint32(0, true) !== checksum)
    return damagedAt(input.offset, name, "the checksum there is not that of the text before");
  if (trailer.getUint32(4, true) !== textBytes % 2 ** 32)
    return damagedAt(input.offset + 4, name, "the length there is not that of the text before");
  input.at += trailerBytes;
  return undefined;
}

async function whatFollows(input: ByteInput, name: string): Promise<"member" | "end" | Cut> {
  if ((await input.has(2)) && isGzip(input.bytes.subarray(input.at, input.end))) return "member";
  while (await input.has(1)) {
    if (input.bytes[input.at] !== 0) return damagedAt(input.offset, name, "what follows its end is no gzip");
    input.at++;
  }
  return "end";
}
