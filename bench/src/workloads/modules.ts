/** What modules run inside: some of the loops, the traces, and a whole program. */
import type { Options } from "../options.ts";
import { StreamBuilder } from "../stream/builder.ts";
import { pairs, replacements } from "./loops.ts";
import { traces } from "./traces.ts";
import type { Workload } from "./workload.ts";

const inside = ["pair/64", "pair/1k", "replace/4096/64", "replace/4096/mixed", "replace/65536/mixed"];

/** The same streams as outside; of the traces those with requests up to 8 KiB. */
export function moduleLoops(options: Pick<Options, "traces">): Workload[] {
  const loops = [...pairs, ...replacements].filter(({ id }) => inside.includes(id));
  const replays = traces(options.traces).filter(({ id }) => id.startsWith("replay/"));
  return [...loops, ...replays].map((workload) => ({
    ...workload,
    subjects: ["offheap-pool"],
    id: `wasm/${workload.id}`,
    title: `inside a module: ${workload.title}`,
  }));
}

const SEED = 1;
/** Short: a module's function is compiled for speed between two calls of it, never in one. */
export const PROGRAM_STEPS = 4000;

export const moduleProgram: Workload = {
  id: "wasm/churn",
  title: "a C program: hash map, ordered tree, lists by realloc, aligned blocks; ns a step",
  sizes: "mixed",
  build: () => new StreamBuilder().finish(Int32Array.of(SEED, PROGRAM_STEPS)),
};
