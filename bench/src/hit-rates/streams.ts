/**
 * Seeded streams of requests. A stream may depend on the cache's size: loops are a little larger than it.
 *
 *   capacity = hot × share, where hot is the number of keys that are asked for again and again
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { Random } from "offheap-tools";

export interface Requests {
  readonly keys: Int32Array;
  readonly keyCount: number;
}

export interface RequestStream {
  readonly id: string;
  readonly title: string;
  /** Of which a cache's size is a share. Undefined: of all keys that occur. */
  readonly hot?: number;
  build(count: number, capacity: number): Requests;
}

const HOT = 100_000;
const SEED = 20_241;

/** Ranks 0 … count-1 with probability ~ 1 / (rank + 1)^exponent. */
export function zipf(count: number, exponent: number, random: Random): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += (rank + 1) ** -exponent;
  return () => {
    const wanted = random.part() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

const zipfStream = (exponent: number): RequestStream => ({
  ...{ id: `zipf-${exponent.toFixed(1)}`, title: `Zipf ${exponent.toFixed(1)}`, hot: HOT },
  build(count) {
    const draw = zipf(HOT, exponent, new Random(SEED));
    return { keys: Int32Array.from({ length: count }, draw), keyCount: HOT };
  },
});

/** One request in four belongs to a scan: so many keys in a row, each for the first and last time. */
const scans: RequestStream = {
  ...{ id: "scans", title: "Zipf 1.0, a quarter of it scans", hot: HOT },
  build(count) {
    const draw = zipf(HOT, 1, new Random(SEED));
    let fresh = HOT;
    const scanLength = 5000;
    const keys = Int32Array.from({ length: count }, (_, at) =>
      at % (4 * scanLength) < scanLength ? fresh++ : draw(),
    );
    return { keys, keyCount: fresh };
  },
};

/** The most wanted keys change: after every 2,000 requests each rank belongs to the next ten keys. */
const shifting: RequestStream = {
  ...{ id: "shifting", title: "Zipf 0.8 whose ranks wander", hot: HOT },
  build(count) {
    const draw = zipf(HOT, 0.8, new Random(SEED));
    const keys = Int32Array.from({ length: count }, (_, at) => (draw() + 10 * Math.floor(at / 2000)) % HOT);
    return { keys, keyCount: HOT };
  },
};

/** A working set that is left for another at once: a tenth of the keys gets nine requests in ten. */
const phases: RequestStream = {
  ...{ id: "phases", title: "a tenth of the keys is hot, another each time", hot: HOT },
  build(count) {
    const random = new Random(SEED);
    const [set, phase] = [HOT / 10, count / 20];
    const keys = Int32Array.from({ length: count }, (_, at) => {
      if (random.below(10) === 0) return random.below(HOT);
      return Math.floor(at / phase) * set * 3 + random.below(set);
    }).map((key) => key % HOT);
    return { keys, keyCount: HOT };
  },
};

const loop: RequestStream = {
  ...{ id: "loop", title: "a loop 10 % larger than the cache", hot: HOT },
  build(count, capacity) {
    const keyCount = Math.ceil(capacity * 1.1);
    return { keys: Int32Array.from({ length: count }, (_, at) => at % keyCount), keyCount };
  },
};

const loopAndZipf: RequestStream = {
  ...{ id: "loop-zipf", title: "every other request such a loop's, the others Zipf 1.0", hot: HOT },
  build(count, capacity) {
    const draw = zipf(HOT, 1, new Random(SEED));
    const length = Math.ceil(capacity * 1.1);
    const keys = Int32Array.from({ length: count }, (_, at) =>
      at % 2 === 0 ? HOT + ((at >> 1) % length) : draw(),
    );
    return { keys, keyCount: HOT + length };
  },
};

/** Numbers keys by their first occurrence. */
export function numbered(names: Iterable<string>): Requests {
  const numbers = new Map<string, number>();
  const keys: number[] = [];
  for (const name of names) {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    keys.push(number);
  }
  return { keys: Int32Array.from(keys), keyCount: numbers.size };
}

/** The identifiers of a real program in their order: what an intern table of its compiler is asked for. */
const identifiers: RequestStream = {
  ...{ id: "identifiers", title: "identifiers in the source of @babel/parser and of assemblyscript" },
  build() {
    const files = ["@babel/parser", "assemblyscript"].map((name) => new URL(import.meta.resolve(name)));
    const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
    return numbered(text.match(/[A-Za-z_$][\w$]*/g) ?? []);
  },
};

/** A program's blocks of memory by the cache line where they begin: each malloc and free asks for that line. */
const addresses = (name: string): RequestStream => ({
  ...{ id: `addresses-${name}`, title: `lines of the blocks that ${name} allocates and frees` },
  build() {
    const path = new URL(`../../../traces/${name}.mtrace.gz`, import.meta.url);
    const text = gunzipSync(readFileSync(path)).toString("latin1");
    return numbered(linesOf(text));
  },
});

function* linesOf(log: string): Generator<string> {
  for (const [, address] of log.matchAll(/^@ [+-] 0x([0-9a-f]+)/gm))
    yield Math.floor(Number.parseInt(address, 16) / 64).toString();
}

/** Traces as the authors of ARC published them: `START COUNT …` a line, each of COUNT blocks is asked for. */
export function arcTrace(path: string): RequestStream {
  return {
    ...{ id: basename(path).replace(/\.lis$/, ""), title: `trace ${basename(path)}` },
    build() {
      return numbered(blocksOf(readFileSync(path, "latin1")));
    },
  };
}

function* blocksOf(text: string): Generator<string> {
  for (const line of text.split("\n")) {
    const [start, count] = line.split(" ", 2).map(Number);
    for (let block = start; block < start + count; block++) yield block.toString();
  }
}

export const bundledStreams: readonly RequestStream[] = [
  ...[0.6, 0.8, 1, 1.2].map(zipfStream),
  ...[scans, shifting, phases, loop, loopAndZipf, identifiers],
  ...["sqlite", "lua"].map(addresses),
];
