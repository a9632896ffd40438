// What Records are known by in the heap: an object with the schema, listed in the heap's table under their number.
//
//   object   magic · bytes of the text · the text: "name type offset" of each field, and the struct's size

import { type Address, AllocatorError, show } from "../base/index.ts";
import { readText, utf8Bytes, writeText } from "../contents/index.ts";
import { chunkOf, forEachListed, nowhere, objectBytesAt, slotAt } from "../generations/index.ts";
import { layoutVersion, slotLive } from "../layout/index.ts";
import type { Heap, MemoryViews } from "../memory/index.ts";

/** "rec7" */
const magic = 0x3763_6572;
const headBytes = 8;

/** Posted to a worker, which attaches with it. Structured-cloneable. */
export interface RecordsHandle {
  readonly kind: "records";
  readonly version: number;
  readonly address: Address;
}

export const handleAt = (address: Address): RecordsHandle => ({
  kind: "records",
  version: layoutVersion,
  address,
});

export const descriptionBytes = (schema: string): number => headBytes + utf8Bytes(schema);

export function writeDescription({ u8, i32 }: MemoryViews, address: Address, schema: string): void {
  const bytes = utf8Bytes(schema);
  i32[address / 4] = magic;
  i32[address / 4 + 1] = bytes;
  writeText(u8, address + headBytes, schema, bytes);
}

function incompatible(why: string): AllocatorError {
  return new AllocatorError("ERR_INCOMPATIBLE_HEAP", `these are not the Records: ${why}`);
}

/** What is wrong with a handle of Records; undefined for a right one. */
function mistake(handle: unknown, heap: Heap): string | undefined {
  if (typeof handle !== "object" || handle === null) return `the handle is ${show(handle)}`;
  const { kind, version, address } = handle as { readonly [K in keyof RecordsHandle]: unknown };
  if (kind !== "records") return `the handle's kind is ${show(kind)}`;
  // A name leads to an address in this very heap, whose version is known.
  if (version !== undefined && version !== layoutVersion)
    return `the handle is of layout version ${show(version)}`;
  if (typeof address !== "number" || address >>> 0 !== address)
    return `the handle's address is ${show(address)}`;
  const chunk = chunkOf(heap, address);
  const slot = chunk >= 0 && chunk < heap.layout.chunkCount ? slotAt(heap, address) : nowhere;
  return slot !== nowhere && (heap.states[slot] as number) >= slotLive
    ? undefined
    : "the heap has none at the address";
}

/**
 * The number of the Records that a handle names, if they have that schema.
 * @throws ERR_INCOMPATIBLE_HEAP
 */
export function openDescription(heap: Heap, memory: MemoryViews, handle: unknown, schema: string): number {
  const why = mistake(handle, heap);
  if (why !== undefined) throw incompatible(why);
  const { address } = handle as RecordsHandle;
  let number = 0;
  forEachListed(heap, (listed, at) => {
    if (at === address) number = listed;
  });
  const bytes = memory.i32[address / 4 + 1] as number;
  const mostBytes = objectBytesAt(heap, chunkOf(heap, address)) - headBytes;
  if (number === 0 || memory.i32[address / 4] !== magic || bytes < 0 || bytes > mostBytes)
    throw incompatible("the heap has none at the address");
  const there = readText(memory.u8, memory.i32, address + headBytes, bytes);
  if (there !== schema) throw incompatible(differenceOf(there, schema));
  return number;
}

/** Names the first field that is not the same. */
function differenceOf(there: string, here: string): string {
  const [theirs, ours] = [fieldsOf(there), fieldsOf(here)];
  for (let i = 0; i < Math.max(theirs.length, ours.length); i++) {
    if (theirs[i] !== ours[i]) return `field ${i + 1} is ${told(theirs[i])} there, ${told(ours[i])} here`;
  }
  return `${there} there, ${here} here`;
}

/** The fields of the outermost struct: those of one within it belong to their field. */
function fieldsOf(schema: string): string[] {
  const fields: string[] = [];
  let [depth, from] = [0, 1];
  for (let i = 0; i < schema.length; i++) {
    const sign = schema[i];
    if (sign === "{") depth++;
    const isEnd = depth === 1 && (sign === ";" || sign === "}");
    if (isEnd) fields.push(schema.slice(from, i));
    if (isEnd) from = i + 1;
    if (sign === "}") depth--;
  }
  return fields;
}

function told(field: string | undefined): string {
  if (field === undefined) return "none";
  const at = field.lastIndexOf(" ");
  return `"${field.slice(0, at)}" at byte ${field.slice(at + 1)}`;
}
