// A struct: fields with the size, alignment and offsets that C gives them.
//
//   offset of a field   the next multiple of its alignment; packed: right behind the one before
//   alignment           the largest of its fields; packed: 1
//   size                behind the last field, the next multiple of the alignment

import { type Address, alignUp, show } from "../base/index.ts";
import type { MemoryViews } from "../memory/index.ts";
import { reservedNames, viewFields } from "./cursor.ts";
import {
  type Accessors,
  type CursorState,
  callsOf,
  type FieldCalls,
  type FieldType,
  type FieldTypes,
  mostRecordBytes,
  type Part,
  refused,
} from "./field.ts";

export type Fields = Readonly<Record<string, FieldType>>;
type TypesOf<T> = T extends FieldType<infer Types extends FieldTypes> ? Types : never;
type AssignedNames<F extends Fields> = {
  [K in keyof F]: TypesOf<F[K]>["isAssigned"] extends true ? K : never;
}[keyof F];

/** The fields as plain values. */
export type Values<F extends Fields> = { readonly [K in keyof F]: TypesOf<F[K]>["value"] };
/** What a struct is set to: fields that are left out are zero. */
export type Init<F extends Fields> = { readonly [K in keyof F]?: TypesOf<F[K]>["init"] };
/** The fields as properties: numbers and texts are assigned, the rest has calls of its own. */
export type FieldView<F extends Fields> = { [K in AssignedNames<F>]: TypesOf<F[K]>["held"] } & {
  readonly [K in Exclude<keyof F, AssignedNames<F>>]: TypesOf<F[K]>["held"];
};

/** Fields with offsets; a type of field, too. The calls are for those who hold addresses, of whatever object. */
export interface Struct<F extends Fields> extends FieldType<Part<Values<F>, Init<F>, FieldView<F>>> {
  readonly fields: F;
  readonly offsets: { readonly [K in keyof F]: number };
  /** A field's plain value in the object at an address, which is not looked at. @throws ERR_INVALID_OPTION for no field's name */
  get<K extends keyof F>(memory: MemoryViews, address: Address, name: K): TypesOf<F[K]>["value"];
  /** @throws ERR_INVALID_OPTION, ERR_INVALID_SIZE */
  set<K extends keyof F>(memory: MemoryViews, address: Address, name: K, value: TypesOf<F[K]>["init"]): void;
}

/** A field as a struct has it. */
export interface Place {
  readonly name: string;
  readonly offset: number;
  readonly calls: FieldCalls;
}

export class StructType implements FieldCalls {
  readonly fields: Fields;
  readonly offsets: Readonly<Record<string, number>>;
  readonly size: number;
  readonly alignment: number;
  readonly text: string;
  readonly places: readonly Place[];
  private readonly byName: ReadonlyMap<string, Place>;

  constructor(fields: Fields, isPacked: boolean) {
    const places: Place[] = [];
    let [end, alignment] = [0, 1];
    for (const [name, type] of Object.entries(fields)) {
      const calls = callsOf(type, checkName(name));
      const offset = isPacked ? end : alignUp(end, calls.alignment);
      if (!isPacked) alignment = Math.max(alignment, calls.alignment);
      places.push({ name, offset, calls });
      end = offset + calls.size;
    }
    if (places.length === 0) throw refused("struct", "takes at least one field");
    this.size = alignUp(end, alignment);
    if (this.size > mostRecordBytes)
      throw refused(
        "struct",
        `has ${this.size} bytes, at most ${mostRecordBytes} are served`,
        "ERR_INVALID_SIZE",
      );
    this.alignment = alignment;
    this.places = places;
    this.fields = Object.freeze({ ...fields });
    this.offsets = Object.freeze(Object.fromEntries(places.map(({ name, offset }) => [name, offset])));
    this.byName = new Map(places.map((place) => [place.name, place]));
    this.text = `{${places.map(textOf).join(";")}}${this.size}`;
    const why = this.refusesOffset(0, mostRecordBytes);
    if (why !== undefined) throw refused("struct", why);
  }

  refusesOffset(at: number, alignment: number): string | undefined {
    for (const { name, offset, calls } of this.places) {
      const why = calls.refusesOffset?.(at + offset, alignment);
      if (why !== undefined) return `${name} ${why}`;
    }
    return undefined;
  }

  get(memory: MemoryViews, address: number, name: string): unknown {
    const { calls, offset } = this.place(name);
    return calls.read(memory, address + offset);
  }

  set(memory: MemoryViews, address: number, name: string, value: unknown): void {
    const { calls, offset } = this.place(name);
    calls.check(value, name);
    calls.write(memory, address + offset, value);
  }

  check(value: unknown, name: string): void {
    if (typeof value !== "object" || value === null)
      throw refused(name, `is an object of its fields, got ${show(value)}`);
    for (const key of Object.keys(value))
      if (!this.byName.has(key)) throw refused(key, `is no field of ${name}`);
    for (const place of this.places) {
      const given = (value as Readonly<Record<string, unknown>>)[place.name];
      if (given !== undefined) place.calls.check(given, place.name);
    }
  }

  read(memory: MemoryViews, address: number): unknown {
    return Object.fromEntries(
      this.places.map(({ name, offset, calls }) => [name, calls.read(memory, address + offset)]),
    );
  }

  write(memory: MemoryViews, address: number, value: unknown): void {
    memory.u8.fill(0, address, address + this.size);
    this.writeOver(memory, address, value);
  }

  /** The same over zeros. */
  writeOver(memory: MemoryViews, address: number, value: unknown): void {
    for (const { name, offset, calls } of this.places) {
      const given = (value as Readonly<Record<string, unknown>>)[name];
      if (given !== undefined) calls.write(memory, address + offset, given);
    }
  }

  accessors(state: CursorState, offset: number, name: string): Accessors {
    const view = viewFields(state, this.places, offset, `${name}.`, {});
    return { get: () => view };
  }

  private place(name: string): Place {
    const found = this.byName.get(name);
    if (found === undefined) throw refused(show(name), `is no field: ${[...this.byName.keys()].join(", ")}`);
    return found;
  }
}

const textOf = ({ name, offset, calls }: Place): string => `${name} ${calls.text} ${offset}`;

/** JavaScript sorts properties that look like numbers, so their order would not be that of the fields. */
function checkName(name: string): string {
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
    throw refused(
      `a field ${show(name)}`,
      "has no name that a program could write: letters, digits, _ and $",
    );
  if (reservedNames.includes(name))
    throw refused(`a field ${show(name)}`, "has a name that every cursor has");
  return name;
}

/**
 * A struct of the fields, in their order. Packed: without space between them.
 * @throws ERR_INVALID_OPTION for names and types that are none; ERR_INVALID_SIZE beyond 8,192 bytes
 */
export function struct<const F extends Fields>(fields: F, options: { packed?: boolean } = {}): Struct<F> {
  if (typeof fields !== "object" || fields === null)
    throw refused("struct", `takes its fields, got ${show(fields)}`);
  const { packed = false, ...rest } = Object(options) as { packed?: unknown };
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw refused("struct", `knows no option ${show(unknown)}: known: packed`);
  if (typeof packed !== "boolean") throw refused("packed", `is true or false, got ${show(packed)}`);
  return new StructType(fields, packed) as unknown as Struct<F>;
}
