// What a file is, told by its first bytes, whatever its name says.

/** What `unpack` can undo. */
export type Packing = "gzip" | "zstd" | "utf16le" | "utf16be";

/** What is not read: its name for the message, and what to do. */
export interface Foreign {
  readonly name: string;
  readonly advice: string;
}

/** Enough to tell every format. */
export const firstBytesNeeded = 8;

const any = -1;

const packings: readonly (readonly [Packing, ...number[]])[] = [
  ["gzip", 0x1f, 0x8b],
  ["zstd", 0x28, 0xb5, 0x2f, 0xfd],
];

const foreign: readonly (readonly [name: string, tool: string, ...magic: number[]])[] = [
  ["an xz file", "xz -dc", 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  ["a bzip2 file", "bzip2 -dc", 0x42, 0x5a, 0x68, any, 0x31, 0x41, 0x59, 0x26],
  ["a bzip2 file", "bzip2 -dc", 0x42, 0x5a, 0x68, any, 0x17, 0x72, 0x45, 0x38], // of nothing
  ["an lz4 file", "lz4 -dc", 0x04, 0x22, 0x4d, 0x18],
  ["an lz4 file", "lz4 -dc", 0x02, 0x21, 0x4c, 0x18], // before version 1.4
  ["an lzip file", "lzip -dc", 0x4c, 0x5a, 0x49, 0x50, 0x01],
  ["an lzma file", "xz -dc", 0x5d, 0x00, 0x00],
  ["a file of compress(1)", "gzip -dc", 0x1f, 0x9d],
  ["a zlib stream", "pigz -dc", 0x78, 0x9c],
  ["a zlib stream", "pigz -dc", 0x78, 0xda],
  ["a zip archive", "unzip -p", 0x50, 0x4b, 0x03, 0x04],
  ["a zip archive", "unzip -p", 0x50, 0x4b, 0x05, 0x06], // of nothing
  ["a 7z archive", "7z e -so", 0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c],
  ["a rar archive", "unrar p", 0x52, 0x61, 0x72, 0x21, 0x1a, 0x07],
  ["text in UTF-32", "iconv -f UTF-32 -t UTF-8", 0xff, 0xfe, 0x00, 0x00],
  ["text in UTF-32", "iconv -f UTF-32 -t UTF-8", 0x00, 0x00, 0xfe, 0xff],
];

/** zstd's frames that hold nothing of the text, such as `pzstd` begins with, bear one of 16 numbers. */
const skippable = [0x2a, 0x4d, 0x18] as const;

export function formatOf(first: Uint8Array): Packing | Foreign | undefined {
  const begins = (magic: readonly number[], from = 0) =>
    magic.every((byte, i) => byte === any || first[from + i] === byte);
  for (const [name, tool, ...magic] of foreign)
    if (begins(magic)) return { name, advice: `unpack it with ${tool}` };
  for (const [packing, ...magic] of packings) if (begins(magic)) return packing;
  if (first[0] >> 4 === 5 && begins(skippable, 1)) return "zstd";
  return utf16Order(first);
}

/** A byte order mark, or every other byte 0, as of ASCII. */
function utf16Order([a, b, c, d]: Uint8Array): Packing | undefined {
  if (a === 0xff && b === 0xfe) return "utf16le";
  if (a === 0xfe && b === 0xff) return "utf16be";
  if (a > 0 && b === 0 && c > 0 && d === 0) return "utf16le";
  return a === 0 && b > 0 && c === 0 && d > 0 ? "utf16be" : undefined;
}
