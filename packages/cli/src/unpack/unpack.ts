// From the bytes of a file to the text of a log: layer by layer, until what comes out is text.

import { CliError } from "../errors.ts";
import type { Bytes, Cut } from "./bytes.ts";
import { firstBytesNeeded, formatOf, type Packing } from "./formats.ts";
import { gunzip } from "./gunzip.ts";
import { asciiOfUtf16 } from "./utf16.ts";
import { readsZstd, unzstd } from "./zstd.ts";

/** There are files that unpack to themselves. */
const mostLayers = 4;

const names: { readonly [packing in Packing]: string } = {
  gzip: "the gzip stream",
  zstd: "the zstd stream",
  utf16le: "the text in UTF-16",
  utf16be: "the text in UTF-16",
};

/**
 * The text in a file, as far as its bytes go.
 * @throws CliError ERR_UNREADABLE_TRACE for a format that is not read here; `path` is for the message
 */
export async function* unpack(file: Bytes, path: string): Bytes {
  const layers = [file];
  try {
    for (;;) {
      const below = await peek(layers[layers.length - 1]);
      const format = formatOf(below.first);
      if (format === undefined) return yield* whole(below);
      const isInside = layers.length > 1;
      const subject = isInside ? `${path}: what is packed in it is` : `${path}: this is`;
      if (layers.length > mostLayers) throw unreadable(`${path}: packed more than ${mostLayers} times over`);
      if (typeof format === "object")
        throw unreadable(`${subject} ${format.name}, which is not read here; ${format.advice}`);
      if (format === "zstd" && !readsZstd)
        throw unreadable(`${subject} a zstd file, which takes Node 22.15 or newer; unpack it with zstd -dc`);
      layers.push(layerOf(format, whole(below), isInside ? `${names[format]} inside` : names[format]));
    }
  } finally {
    // One that was never asked for a piece does not end the one below by itself.
    for (const layer of layers.reverse()) await layer.return(undefined);
  }
}

function layerOf(packing: Packing, source: Bytes, name: string): Bytes {
  switch (packing) {
    case "gzip":
      return gunzip(source, name);
    case "zstd":
      return unzstd(source, name);
    case "utf16le":
      return asciiOfUtf16(source, "little", name);
    case "utf16be":
      return asciiOfUtf16(source, "big", name);
  }
}

interface Peeked {
  readonly first: Uint8Array;
  readonly rest: Bytes;
  readonly end: { readonly cut: Cut | undefined } | undefined;
}

async function peek(source: Bytes): Promise<Peeked> {
  let first = new Uint8Array(0);
  while (first.length < firstBytesNeeded) {
    const { done, value } = await source.next();
    if (done) return { first, rest: source, end: { cut: value } };
    first = new Uint8Array(Buffer.concat([first, value])); // a copy: the piece goes with the next one
  }
  return { first, rest: source, end: undefined };
}

async function* whole({ first, rest, end }: Peeked): Bytes {
  if (first.length > 0) yield first;
  return end === undefined ? yield* rest : end.cut;
}

function unreadable(message: string): CliError {
  return new CliError("ERR_UNREADABLE_TRACE", message);
}
