/** The command line of the benchmark. */
import { parseArgs } from "node:util";
import { libraryNamed, refuseSameIds } from "./native/libraries.ts";
import { peersNamed } from "./short-names.ts";

export interface Options {
  readonly only: readonly string[]; // parts of the plan: prefixes of ids
  readonly peers: readonly string[]; // empty: all
  readonly native: readonly string[]; // further malloc libraries, PATH or ID=PATH
  readonly traces: readonly string[]; // further traces to replay
  readonly cacheTraces: readonly string[]; // further streams of requests for caches
  readonly quick: boolean;
  readonly cpu: boolean;
  readonly rounds: number;
  readonly budgetMs: number; // steady passes of one case
  readonly node: string; // for the JavaScript cases
  readonly out: string | undefined; // folder of the results
  readonly name: string; // of the result files
  readonly list: boolean;
  readonly help: boolean;
}

export const usage = `npm run bench -- [options]

  --only PART,…     parts whose id is PART or goes on with a slash (pair, batch, replace/4096, replay/lua, large,
                    heaps, threads, space, pause, growth, locality, walk, gc, records, messages,
                    processes, hit-rates, map, cache, wasm), or the name of several: claims =
                    what the plain claims rest on, goals = what the goals are computed from, with the peers they need
  --peers ID,…      only these peers; those with huge pages take part only when they are named
  --quick           minutes instead of an hour: fewer rounds, shorter cases, the largest sets left out
  --rounds N        processes for each case (5; quick: 2)
  --budget MS       steady passes of one process (1000; quick: 250)
  --cpu             processor time instead of wall time, one thread only: for a busy machine, not for results
  --native LIBRARY  one more malloc library, PATH.so or ID=PATH.so, by LD_PRELOAD; may be repeated
                    (mimalloc3=…/libmimalloc.so.3.4, snmalloc=…/libsnmallocshim.so)
  --trace PATH      one more mtrace log to replay, plain or gzip; may be repeated
  --cache-trace PATH  one more stream for hit-rates, as ARC's authors published theirs (.lis, unpacked);
                    may be repeated
  --node PATH       the node for the JavaScript cases (this one)
  --out FOLDER      where result and plots go (bench/results); --name NAME of the files (latest)
  --list            the parts and peers, and nothing is run`;

const list = (text: string | undefined): string[] => (text ?? "").split(",").filter((part) => part !== "");

export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      peers: { type: "string" },
      native: { type: "string", multiple: true },
      "cache-trace": { type: "string", multiple: true },
      trace: { type: "string", multiple: true },
      quick: { type: "boolean", default: false },
      cpu: { type: "boolean", default: false },
      rounds: { type: "string" },
      budget: { type: "string" },
      node: { type: "string", default: process.execPath },
      out: { type: "string" },
      name: { type: "string", default: "latest" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { quick, native = [] } = values;
  refuseSameIds(native);
  const only = list(values.only);
  const peers = values.peers ? list(values.peers) : peersNamed(only);
  return {
    only,
    // a library that is named takes part, whatever the filter of peers says
    peers: peers.length > 0 ? [...peers, ...native.map((named) => libraryNamed(named).id)] : [],
    native,
    traces: values.trace ?? [],
    cacheTraces: values["cache-trace"] ?? [],
    quick,
    cpu: values.cpu,
    rounds: Number(values.rounds ?? (quick ? 2 : 5)),
    budgetMs: Number(values.budget ?? (quick ? 250 : 1000)),
    node: values.node,
    out: values.out,
    name: values.name,
    list: values.list,
    help: values.help,
  };
}

/** Whether the filter takes this part. */
export function selected({ only }: Pick<Options, "only">, id: string): boolean {
  return only.some((part) => id === part || id.startsWith(part.endsWith("/") ? part : `${part}/`));
}

export function peerSelected(options: Options, id: string): boolean {
  return options.peers.length === 0 || options.peers.includes(id);
}
