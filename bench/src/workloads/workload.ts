/** A single-threaded workload: a name, what it does in words, and how its stream is built. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Stream, writeStream } from "../stream/format.ts";

export type SizeKind = "64" | "1k" | "mixed" | "large" | "trace";

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
  /** Which of our own allocators take part; absent: those for slabs. */
  readonly subjects?: readonly string[];
  /** Set where the stream depends on a file: another stamp, another stream. */
  readonly stamp?: string;
  readonly build: () => Stream | Promise<Stream>;
}

/** Ours that serve small objects; whoever else takes part in a workload is said there. */
export const slabSubjects = ["offheap", "offheap-fine", "offheap-huge"];

/** The folder `bench`, from `bench/dist/workloads` or `bench/src/workloads`. */
export const benchFolder = fileURLToPath(new URL("../..", import.meta.url));

const streams = `${benchFolder}streams/`;

/** Changes with the code that builds streams, so that no stream outlives what made it. */
function builderStamp(): string {
  const hash = createHash("sha256");
  for (const folder of ["../workloads/", "../stream/"]) {
    const url = new URL(folder, import.meta.url);
    const sources = readdirSync(url).filter((name) => /\.[jt]s$/.test(name) && !name.endsWith(".d.ts"));
    for (const name of sources.sort()) hash.update(readFileSync(new URL(name, url)));
  }
  return hash.digest("hex").slice(0, 12);
}

let stamp: string | undefined;

/** The stream's file, built when it is not there yet; older ones of its name go. */
export async function streamFile(workload: Workload): Promise<string> {
  stamp ??= builderStamp();
  const name = workload.id.replaceAll("/", "-");
  const file = [name, workload.stamp ?? "0", stamp, "bin"].join(".");
  if (existsSync(streams + file)) return streams + file;
  writeStream(streams + file, await workload.build());
  const old = readdirSync(streams).filter((other) => other.startsWith(`${name}.`) && other !== file);
  for (const other of old) rmSync(streams + other, { force: true });
  return streams + file;
}
