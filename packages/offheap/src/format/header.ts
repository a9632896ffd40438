// The header: what a heap is made from, as words at its start, and how it is recognised. Whoever attaches, and whoever
// is about to format, believes it only when every number is in range and the checksum fits.

import { mostRounds } from "../../core/layout/index.ts";
import { oddInverse, trailingZeros } from "../base/index.ts";
import {
  chunkBytes,
  classEntry,
  classesWord,
  computeLayout,
  type HeapConfig,
  header,
  type Layout,
  layoutVersion,
  maxCapacityBytes,
  maxClassCount,
  maxObjectBytes,
  maxSlotsPerSlab,
  maxWorkerPlaces,
  mostSlabChunks,
  wordsPerClassEntry,
} from "../layout/index.ts";
import { type Heap, heapStatus } from "../memory/index.ts";
import { mostHugePad } from "./huge-pages.ts";

/** "OFHP", little-endian. */
export const magic = 0x5048464f;

/** The configuration as words, in the order of the header. */
function configWords(config: HeapConfig): number[] {
  return [
    config.capacityBytes / chunkBytes,
    config.objectBytes.length,
    config.maxWorkers,
    config.cleanupInterval,
    config.slabChunks,
    config.slotsPerSlab,
    config.hugePad,
    config.pageSpanChunks,
  ];
}

/** FNV-1a over the words of the configuration and of the classes. */
function checksumOf(config: HeapConfig): number {
  let hash = 0x811c9dc5;
  for (const word of [...configWords(config), ...config.objectBytes, ...config.roundLimits]) {
    for (let shift = 0; shift < 32; shift += 8) hash = Math.imul(hash ^ ((word >>> shift) & 255), 0x01000193);
  }
  return hash | 0;
}

/** Writes all of the header but the status. */
export function writeHeader({ words, layout }: Heap): void {
  words[header.magic] = magic;
  words[header.version] = layoutVersion;
  words[header.checksum] = checksumOf(layout);
  configWords(layout).forEach((word, i) => {
    words[header.config + i] = word;
  });
  for (let i = 0; i < layout.objectBytes.length; i++) {
    const entry = classesWord + i * wordsPerClassEntry;
    const bytes = layout.objectBytes[i] as number;
    words[entry + classEntry.bytes] = bytes;
    words[entry + classEntry.roundLimit] = layout.roundLimits[i] as number;
    words[entry + classEntry.inverse] = oddInverse(bytes >>> trailingZeros(bytes));
  }
}

/** The layout of the heap whose books begin with `words`, in a space of so many bytes; or why there is none. */
export function readLayout(words: Int32Array, spaceBytes: number): Layout | string {
  if (words[header.magic] !== magic) return "there is no heap at the offset";
  if (words[header.version] !== layoutVersion)
    return `the heap has layout version ${words[header.version]}, this library ${layoutVersion}`;
  const config = readConfig(words);
  if (typeof config === "string") return config;
  if (config.capacityBytes > spaceBytes)
    return `a heap of ${config.capacityBytes} bytes does not fit the memory`;
  const layout = computeLayout(config);
  return layout.chunkCount < 1 ? "its configuration leaves no chunk" : layout;
}

/** The same of a heap that is alive: one that workers can be in, or that somebody is just formatting. */
export function readLiveLayout(words: Int32Array, status: number, spaceBytes: number): Layout | undefined {
  if (status !== heapStatus.ready && status !== heapStatus.formatting) return undefined;
  const layout = readLayout(words, spaceBytes);
  return typeof layout === "string" ? undefined : layout;
}

/** The configuration, or what is wrong with it. */
function readConfig(words: Int32Array): HeapConfig | string {
  const at = (i: number) => words[header.config + i] as number;
  const ranges: [what: string, value: number, low: number, high: number][] = [
    ["capacity", at(0), 2, maxCapacityBytes / chunkBytes],
    ["class count", at(1), 1, maxClassCount],
    ["worker count", at(2), 1, maxWorkerPlaces],
    ["clean-up interval", at(3), 0, 2 ** 31 - 1],
    ["slab length", at(4), 1, mostSlabChunks],
    ["slots of a slab", at(5), 1, maxSlotsPerSlab],
    ["huge page alignment", at(6), 0, mostHugePad],
    ["length of page spans", at(7), 0, mostSlabChunks],
  ];
  const wrong = ranges.find(([, value, low, high]) => !(value >= low && value <= high));
  if (wrong !== undefined) return `its ${wrong[0]} is ${wrong[1]}`;
  const objectBytes: number[] = [];
  const roundLimits: number[] = [];
  for (let i = 0; i < at(1); i++) {
    const entry = classesWord + i * wordsPerClassEntry;
    const bytes = words[entry + classEntry.bytes] as number;
    const roundLimit = words[entry + classEntry.roundLimit] as number;
    const isSize = bytes > (objectBytes[i - 1] ?? 0) && bytes <= maxObjectBytes && bytes % 8 === 0;
    if (!isSize) return `one of its object sizes is ${bytes}`;
    if (!(roundLimit >= 1 && roundLimit <= mostRounds))
      return `one of its magazines has ${roundLimit} rounds`;
    objectBytes.push(bytes);
    roundLimits.push(roundLimit);
  }
  const config = {
    capacityBytes: at(0) * chunkBytes,
    objectBytes,
    roundLimits,
    maxWorkers: at(2),
    cleanupInterval: at(3),
    slabChunks: at(4),
    slotsPerSlab: at(5),
    hugePad: at(6),
    pageSpanChunks: at(7),
  };
  return checksumOf(config) === words[header.checksum] ? config : "its header is damaged";
}
