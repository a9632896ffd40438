/** The policies by name, in the order of the table. */
import { belady, fifo, lru } from "./exact.ts";
import { lruCache, sieveCache, transitory } from "./packages.ts";
import type { MakePolicy } from "./policy.ts";
import { s3Fifo, s3FifoHashed, s3FifoOneBit } from "./s3-fifo.ts";
import { sieveList, sieveRows } from "./sieve.ts";

const made = {
  optimum: belady,
  "lru-cache": lruCache,
  transitory,
  "sieve-cache": sieveCache,
  lru,
  fifo,
  sieve: sieveList,
  "sieve-rows": sieveRows,
  "s3-fifo": s3Fifo,
  "s3-fifo-hashed": s3FifoHashed,
  "s3-fifo-bit": s3FifoOneBit,
} satisfies Record<string, MakePolicy>;

export type PolicyName = keyof typeof made;
export const policies: Readonly<Record<PolicyName, MakePolicy>> = made;
export const policyNames = Object.keys(made) as PolicyName[];
