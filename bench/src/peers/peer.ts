/** A JavaScript peer: opened once in a process of its own for one stream. */
import type { Mode } from "../case/protocol.ts";
import type { Stream } from "../stream/format.ts";

export interface Runner {
  /** Runs the operations from word `from` until word `to` is reached; returns where it stopped. */
  run(from: number, to: number): number;
  /** The same, writing every byte of each object. */
  fill(from: number, to: number): number;
  /** Reads the first word of each object of `order`; returns a function that does it once more. */
  walker(order: Int32Array): () => number;
  /** A whole program that allocates, where the peer has one. */
  program?(seed: number, steps: number): void;
  /** After everything was freed: gives back what can be given back. */
  cleanup?(): void;
  /** True where all objects lie in one large memory of the peer's own. */
  readonly ownMemory?: boolean;
  /** Bytes by the allocator's own account, where it has one. */
  account?(): { spanBytes: number; bookBytes: number };
}

export interface OpenOptions {
  readonly ballast: number; // objects of 8 KiB allocated first and never touched
}

export interface JsPeer {
  readonly id: string;
  readonly title: string;
  /** Why this peer cannot run this stream, if so. */
  refuses?(stream: Stream, mode: Mode): string | undefined;
  open(stream: Stream, options: OpenOptions): Promise<Runner> | Runner;
}
