// What a type of field is, and the cursor state that its accessors read. Each type knows its size and alignment by C's
// rules, checks a value before anything is written, and makes the accessors of a cursor's property.

import { AllocatorError, type ErrorCode, show } from "../base/index.ts";
import type { MemoryViews } from "../memory/index.ts";

/** What TypeScript knows of a field: a plain value, what it is set to, what a cursor's property is, whether that is assigned. */
export interface FieldTypes {
  readonly value: unknown;
  readonly init: unknown;
  readonly held: unknown;
  readonly isAssigned: boolean;
}

/** A type of field: a scalar, a text, an array, a struct. */
export interface FieldType<T extends FieldTypes = FieldTypes> {
  /** Only for TypeScript: there is no such property. */
  readonly types?: T;
  /** Bytes. */
  readonly size: number;
  readonly alignment: number;
  /** What it is in a schema: the same text, the same bytes. */
  readonly text: string;
}

/** A number or a text that is set as it is read. */
export interface Plain<V> extends FieldTypes {
  readonly value: V;
  readonly init: V;
  readonly held: V;
  readonly isAssigned: true;
}

/** Something with calls of its own, which is not assigned. */
export interface Part<V, I, H> extends FieldTypes {
  readonly value: V;
  readonly init: I;
  readonly held: H;
  readonly isAssigned: false;
}

export interface Accessors {
  get(): unknown;
  set?(value: unknown): void;
}

/** What the types do for structs and cursors. `address` is that of the field. */
export interface FieldCalls {
  readonly size: number;
  readonly alignment: number;
  readonly text: string;
  /** @throws ERR_INVALID_OPTION, ERR_INVALID_SIZE for a value that cannot be written */
  check(value: unknown, name: string): void;
  read(memory: MemoryViews, address: number): unknown;
  write(memory: MemoryViews, address: number, value: unknown): void;
  /** Accessors of a property `offset` bytes from where the state's cursor stands. */
  accessors(state: CursorState, offset: number, name: string): Accessors;
  /** Why the type cannot be at an offset of a struct that may be packed. */
  refusesOffset?(offset: number, alignment: number): string | undefined;
}

/**
 * Where a cursor stands, and the views that it reads. One shape for all structs, so that V8 knows its fields wherever
 * accessors of different structs share their code.
 */
export class CursorState implements MemoryViews {
  /** The address as a signed integer, which V8 keeps small up to 4 GiB: `(at + offset) >>> shift` is an index. */
  at = 0;
  generation = 0;
  /** What `at` is a multiple of. */
  readonly alignment: number;
  u8!: Uint8Array;
  i8!: Int8Array;
  u16!: Uint16Array;
  i16!: Int16Array;
  u32!: Uint32Array;
  i32!: Int32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  u64!: BigUint64Array;
  i64!: BigInt64Array;
  view!: DataView;
  private readonly parts: CursorState[] = [];

  constructor(memory: MemoryViews, alignment: number) {
    this.alignment = alignment;
    this.show(memory);
  }

  /** The state of what moves by itself within this cursor: elements of an array. */
  part(alignment: number): CursorState {
    const made = new CursorState(this, alignment);
    this.parts.push(made);
    return made;
  }

  /** The views, again after a memory that is not shared has grown. */
  show(memory: MemoryViews): void {
    this.u8 = memory.u8;
    this.i8 = memory.i8;
    this.u16 = memory.u16;
    this.i16 = memory.i16;
    this.u32 = memory.u32;
    this.i32 = memory.i32;
    this.f32 = memory.f32;
    this.f64 = memory.f64;
    this.u64 = memory.u64;
    this.i64 = memory.i64;
    this.view = memory.view;
    for (const part of this.parts) part.show(memory);
  }
}

/** The calls of a type, whatever copy of the package made it. @throws ERR_INVALID_OPTION for what is no type */
export function callsOf(type: unknown, name: string): FieldCalls {
  const calls = Object(type) as Partial<FieldCalls>;
  if (typeof calls.check === "function" && typeof calls.accessors === "function") return calls as FieldCalls;
  throw refused(
    name,
    "has no type: one of u8 … f64, bool, utf8(n), bytes(n), array(type, n), ref(() => T), a struct",
  );
}

export function refused(name: string, why: string, code: ErrorCode = "ERR_INVALID_OPTION"): AllocatorError {
  return new AllocatorError(code, `${name} ${why}`);
}

/** Bytes of the largest record: what the largest usual size class holds. */
export const mostRecordBytes = 8192;

/** @throws ERR_INVALID_SIZE */
export function checkCapacity(what: string, count: unknown): number {
  if (typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= mostRecordBytes)
    return count;
  throw refused(
    what,
    `takes an integer from 1 to ${mostRecordBytes}, got ${show(count)}`,
    "ERR_INVALID_SIZE",
  );
}
