// zstd, by Node's own stream, where it has one. That stream throws away what it made in the call that meets damage.
// So there are two: the scout only tries each piece; the maker makes the text, and gets the piece that the scout
// failed at byte by byte, up to the last one that does no harm.

import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { type Bytes, damagedAt, endsEarlyAt } from "./bytes.ts";

type ZstdStream = Transform & { readonly bytesWritten: number };

/** Node 22.15 has it, and 23.8. */
const makeStream = (zlib as { readonly createZstdDecompress?: () => ZstdStream }).createZstdDecompress;

export const readsZstd = makeStream !== undefined;

/** What can neither begin a frame nor be the rest of one. */
const nonsense = new Uint8Array(16).fill(0xff);
const nonsenseCode = "ZSTD_error_prefix_unknown";

/** All that a piece becomes is in memory at once. */
const pieceBytes = 1024;

export async function* unzstd(source: Bytes, name: string): Bytes {
  let pair = new Pair();
  let goodBytes = 0;
  try {
    for (;;) {
      const { done, value } = await source.next();
      if (done) return value ?? ((await pair.isWhole()) ? undefined : endsEarlyAt(goodBytes, name));
      let rest: Uint8Array = value.slice();
      while (rest.length > 0) {
        const piece = rest.subarray(0, pieceBytes);
        const usedBytes = await pair.scout.write(piece);
        pair.scout.take();
        const steps = usedBytes > 0 ? [piece.subarray(0, usedBytes)] : singles(piece);
        for (const step of steps) {
          if ((await pair.maker.write(step)) === 0)
            return damagedAt(goodBytes, name, pair.maker.problem?.message ?? "no frame begins there");
          goodBytes += step.length;
          yield* pair.maker.take();
        }
        rest = rest.subarray(usedBytes);
        if (!pair.scout.hasEnded) continue;
        pair.destroy();
        pair = new Pair();
      }
    }
  } finally {
    pair.destroy();
  }
}

function singles(piece: Uint8Array): Uint8Array[] {
  return Array.from(piece, (byte) => Uint8Array.of(byte));
}

class Pair {
  readonly scout = new Decoder();
  readonly maker = new Decoder();

  /** Whether the last frame is over. Node 22 does not say so at the end; but where one is over, another must begin. */
  async isWhole(): Promise<boolean> {
    const takenBytes = await this.scout.write(nonsense);
    const isRefused = takenBytes === 0 && (this.scout.problem?.code ?? nonsenseCode) === nonsenseCode;
    return isRefused && (await this.maker.end());
  }

  destroy(): void {
    this.scout.destroy();
    this.maker.destroy();
  }
}

class Decoder {
  readonly #stream: ZstdStream;
  #made: Uint8Array[] = [];
  #settle: () => void = () => {};
  #problem: NodeJS.ErrnoException | undefined;
  #hasEnded = false;

  constructor() {
    if (makeStream === undefined) throw new Error("this Node has no zstd");
    this.#stream = makeStream();
    this.#stream.on("data", (text: Uint8Array) => this.#made.push(text));
    this.#stream.on("end", () => {
      this.#hasEnded = true;
      this.#settle();
    });
    this.#stream.on("error", (error) => {
      this.#problem = error;
      this.#settle();
    });
  }

  get problem(): NodeJS.ErrnoException | undefined {
    return this.#problem;
  }

  /** A frame is over, and this version of Node wants no other: another decoder is to go on. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** How many bytes it took; 0 when it fails. */
  async write(piece: Uint8Array): Promise<number> {
    const before = this.#stream.bytesWritten;
    await this.#settled((resolve) => this.#stream.write(piece, () => resolve()));
    if (this.#problem !== undefined) return 0;
    return this.#hasEnded ? this.#stream.bytesWritten - before : piece.length;
  }

  /** Whether the stream's end is that of its last frame. */
  async end(): Promise<boolean> {
    await this.#settled(() => this.#stream.end());
    return this.#problem === undefined;
  }

  /** What was made since the last time. */
  take(): Uint8Array[] {
    const made = this.#made;
    this.#made = [];
    return made;
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** Waits for what `start` begins, or for the stream's end or failure. */
  async #settled(start: (resolve: () => void) => void): Promise<void> {
    if (this.#problem !== undefined || this.#hasEnded) return;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      start(resolve);
    });
  }
}
