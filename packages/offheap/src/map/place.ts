// Where a map is made, and where one is found: its bytes in a heap, from what its keys and values are.

import { AllocatorError, checkOptions, show } from "../base/index.ts";
import { mapMark, mapWords } from "../layout/index.ts";
import type { Kit, StructureHandle } from "../structure/index.ts";
import { type KeyKind, type KeyName, type KeyTypes, keyKindOf } from "./keys.ts";
import { type Codec, type ValueKind, type ValueName, type ValueTypes, valueKindOf } from "./values.ts";

export interface MapOptions<K extends KeyName = KeyName, V = unknown> {
  /** "text" unless said otherwise; of a map that is attached, what it has. */
  readonly keys?: K;
  /** The same; a codec is given wherever the map is attached. */
  readonly values?: V;
}

/** The values of a map, from what `values` names. */
export type ValueOf<V> = V extends ValueName ? ValueTypes[V] : V extends Codec<infer T> ? T : never;
export type KeyOf<K extends KeyName> = KeyTypes[K];

export interface Place {
  readonly at: number;
  readonly keys: KeyKind<unknown>;
  readonly values: ValueKind<unknown>;
}

const valueShift = 8;
const kindBits = 255;
const codecCode = 7;
const keyNames: readonly KeyName[] = ["text", "integer", "bytes"];
const valueNames: readonly ValueName[] = ["text", "bytes", "f64", "i32", "json", "structured"];

/** A new map. @throws ERR_INVALID_OPTION, ERR_INVALID_SIZE, ERR_OUT_OF_MEMORY, ERR_DETACHED */
export function createMap(kit: Kit, options: unknown): Place {
  const given = checkOptions("SharedMap", options, { keys: true, values: true }) as MapOptions;
  const keys = keyKindOf(given.keys ?? "text");
  const values = valueKindOf(given.values ?? "text");
  kit.open();
  const { core } = kit;
  const first = kit.allocate(core.pieceBytes());
  core.formatPiece(first, 0);
  // Two objects, one after the other: the first stays, nobody's, if this worker dies before the second.
  kit.keep();
  const at = kit.allocate(core.mapBytes());
  const [low, high] = seed();
  core.formatMap(at, keys.code | (values.code << valueShift), low, high);
  core.formatFirst(at, first);
  kit.keep();
  return { at, keys, values };
}

/** The map of a handle. @throws ERR_INCOMPATIBLE_HEAP, ERR_INVALID_ADDRESS, ERR_INVALID_OPTION, ERR_DETACHED */
export function findMap(kit: Kit, handle: unknown, options: unknown): Place {
  const found = mapOrRefusal(kit, handle, options);
  if (found instanceof AllocatorError) throw found;
  return found;
}

/** The same, and why not: for who has to leave the heap then. @throws ERR_INVALID_OPTION for what names no kind; ERR_DETACHED */
export function mapOrRefusal(kit: Kit, handle: unknown, options: unknown): Place | AllocatorError {
  const given = checkOptions("SharedMap.attach", options, { keys: true, values: true }) as MapOptions;
  kit.open();
  const { kind, address } = (handle ?? {}) as Partial<StructureHandle>;
  if (kind !== "map" || typeof address !== "number")
    return new AllocatorError("ERR_INCOMPATIBLE_HEAP", `a map's handle is wanted, got ${show(handle)}`);
  if (!kit.holds(address, kit.core.mapBytes()) || kit.core.getWord(address + mapWords.magic) !== mapMark)
    return new AllocatorError("ERR_INVALID_ADDRESS", `no map begins at ${show(address)}`);
  const has = kit.core.getWord(address + mapWords.kinds);
  const [keyCode, valueCode] = [has & kindBits, (has >>> valueShift) & kindBits];
  const keys = keyKindOf(given.keys ?? keyNames[keyCode - 1]);
  if (given.values === undefined && valueCode === codecCode)
    return new AllocatorError(
      "ERR_INVALID_OPTION",
      "values of this map are what a codec makes: give it as `values`",
    );
  const values = valueKindOf(given.values ?? valueNames[valueCode - 1]);
  if (keys.code !== keyCode || values.code !== valueCode)
    return new AllocatorError(
      "ERR_INCOMPATIBLE_HEAP",
      `the map has ${nameOf(keyNames, keyCode)} for keys and ${nameOf(valueNames, valueCode)} for values`,
    );
  return { at: address, keys, values };
}

function nameOf(names: readonly string[], code: number): string {
  return names[code - 1] ?? "what a codec makes";
}

/** What nobody outside guesses: so no keys are made that meet in one bucket. */
function seed(): [number, number] {
  const { crypto } = globalThis as { crypto?: { getRandomValues(words: Int32Array): Int32Array } };
  const words = new Int32Array(2);
  if (crypto !== undefined) crypto.getRandomValues(words);
  else for (let i = 0; i < 2; i++) words[i] = Math.random() * 2 ** 32;
  return [words[0] as number, words[1] as number];
}
