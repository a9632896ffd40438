// Seeded randomness: every random test prints its seed, and OFFHEAP_SEED repeats it.

export { Random, runSeed, wordsOf } from "offheap-tools";
