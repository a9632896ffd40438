/** Replays of real programs' allocation traces (glibc mtrace text, plain or gzip). */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename } from "node:path";
import { readTrace, type Trace } from "offheap-cli";
import { StreamBuilder } from "../stream/builder.ts";
import type { Stream } from "../stream/format.ts";
import { benchFolder, slabSubjects, type Workload } from "./workload.ts";

const LARGEST_SLAB_REQUEST_BYTES = 8192;
const NO_SLOT = -1;

/**
 * Requests over the limit are passed over with their frees. A reallocation allocates the new object,
 * then frees the old one, as it does where it has to move. What the trace leaves is freed in the tail.
 */
export function buildTrace(trace: Pick<Trace, "objects" | "sizes">, largestBytes: number): Stream {
  const builder = new StreamBuilder();
  const slots = new Map<number, number>();
  const free = (slot: number | undefined): void => {
    if (slot === NO_SLOT) builder.skippedOps++;
    else if (slot !== undefined) builder.free(slot);
  };
  builder.begin("head");
  for (let i = 0; i < trace.objects.length; i++) {
    const object = trace.objects[i];
    const size = Math.abs(trace.sizes[i]);
    const before = slots.get(object);
    if (size === 0) slots.delete(object);
    else if (size <= largestBytes) slots.set(object, builder.allocate(size));
    else {
      slots.set(object, NO_SLOT);
      builder.skippedOps++;
    }
    free(before);
  }
  builder.begin("tail");
  builder.freeAll();
  return builder.finish();
}

/** `replay/NAME` for allocators of small objects, `whole/NAME` for those that serve any size. */
function traceWorkload(path: string, whole: boolean): Workload {
  const name = basename(path).split(".")[0];
  const [largestBytes, which] = whole
    ? [Number.POSITIVE_INFINITY, "every request"]
    : [LARGEST_SLAB_REQUEST_BYTES, "requests up to 8 KiB"];
  return {
    id: `${whole ? "whole" : "replay"}/${name}`,
    title: `trace of ${name}, ${which}`,
    sizes: "trace",
    ...(whole ? { javascript: ["uint8array", "buffer", "assemblyscript", "dlmalloc", "emmalloc"] } : {}),
    subjects: whole ? ["offheap-pool"] : [...slabSubjects, "offheap-pool"],
    stamp: existsSync(path) ? `${statSync(path).size}-${Math.round(statSync(path).mtimeMs)}` : "missing",
    build: async () => buildTrace(await readTrace(path), largestBytes),
  };
}

const folder = `${benchFolder}../traces/`;
const bundledFiles = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".mtrace.gz"))
    .sort();

/** Names of the bundled ones; all others were named by the user. */
export const bundledTraces = (): string[] => bundledFiles().map((name) => name.split(".")[0]);

/** The bundled traces and those that the user names. */
export function traces(extra: readonly string[]): Workload[] {
  const ids = new Map<string, number>();
  const paths = [...bundledFiles().map((name) => folder + name), ...extra];
  return [false, true]
    .flatMap((whole) => paths.map((path) => traceWorkload(path, whole)))
    .map((workload) => {
      const count = (ids.get(workload.id) ?? 0) + 1; // of one name: the second is jq-2
      ids.set(workload.id, count);
      return count === 1 ? workload : { ...workload, id: `${workload.id}-${count}` };
    });
}
