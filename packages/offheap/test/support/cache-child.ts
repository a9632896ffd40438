// One process of the tests of a cache in a file. What it is to do stands in its argument, as JSON; it writes what it found as a line.

import { SharedCache } from "offheap/cache";
import { closeHeap } from "offheap/process";

export interface CacheOrders {
  readonly role: "use" | "hang" | "ask";
  readonly path: string;
  readonly maxBytes: number;
  /** What it sets. */
  readonly sets?: Readonly<Record<string, string>>;
  /** What it looks for, behind that. */
  readonly gets?: readonly string[];
  /** The key whose value it makes, or asks for. */
  readonly key?: string;
}

const orders = JSON.parse(process.argv[2] ?? "{}") as CacheOrders;
const { path, maxBytes } = orders;
const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`);
const cache = SharedCache.open(path, { maxBytes });

/** Sets and looks, and has the cache open until its input ends. */
function use(): void {
  const { sets = {}, gets = [] } = orders;
  for (const [key, value] of Object.entries(sets)) cache.set(key, value);
  say(gets.map((key) => cache.get(key) ?? null));
  process.stdin.resume();
  process.stdin.once("end", () => closeHeap(cache.pool));
}

/** Makes a value for ever. */
function hang(): void {
  const make = (): Promise<string> => {
    say("making");
    return new Promise(() => {});
  };
  void cache.getOrSet(orders.key ?? "", make);
  process.stdin.resume();
}

/** Asks for a value that it can make. */
async function ask(): Promise<void> {
  say("asking");
  say(await cache.getOrSet(orders.key ?? "", () => `of ${process.pid}`));
  closeHeap(cache.pool);
}

await { use, hang, ask }[orders.role]();
