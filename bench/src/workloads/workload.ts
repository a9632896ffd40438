/** A single-threaded workload: a name, what it does in words, and how its stream is built. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { STREAM_VERSION, type Stream, writeStream } from "../stream/format.ts";

export type SizeKind = "64" | "1k" | "mixed" | "trace";

export interface Workload {
  readonly id: string; // "replay/lua": also the name in the filter
  readonly title: string;
  readonly sizes: SizeKind;
  /** Objects of 8 KiB allocated before and never touched, to push addresses up. */
  readonly ballast?: number;
  /** Left out of a quick run that has no filter. */
  readonly large?: boolean;
  /** Which JavaScript peers take part; absent: all. */
  readonly javascript?: readonly string[];
  /** Set where the stream depends on a file: another stamp, another stream. */
  readonly stamp?: string;
  readonly build: () => Stream | Promise<Stream>;
}

/** The folder `bench`, from `bench/dist/workloads` or `bench/src/workloads`. */
export const benchFolder = fileURLToPath(new URL("../..", import.meta.url));

/** The stream's file, built when it is not there yet. */
export async function streamFile(workload: Workload): Promise<string> {
  const name = [workload.id.replaceAll("/", "-"), workload.stamp ?? "0"].join(".");
  const path = `${benchFolder}streams/v${STREAM_VERSION}-${name}.bin`;
  if (!existsSync(path)) writeStream(path, await workload.build());
  return path;
}
