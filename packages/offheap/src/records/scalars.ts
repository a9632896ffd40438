// Numbers. One that does not fit is refused, or, of a type that wraps, stored modulo 2^bits as a typed array does.
//
// The accessors are the hot path: a typed array of the state, indexed by where the cursor stands. A field that is not
// aligned, in a packed struct, goes through the DataView. All is little-endian, as every host of shared memory is.

import { show } from "../base/index.ts";
import type { MemoryViews } from "../memory/index.ts";
import {
  type Accessors,
  type CursorState,
  type FieldCalls,
  type FieldType,
  type Plain,
  refused,
} from "./field.ts";

export type ScalarName = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64" | "bool" | "i64" | "u64";
type Value = number | bigint | boolean;

/** An integer type, of which there is one that wraps, too. */
export interface IntegerType<V extends number | bigint> extends FieldType<Plain<V>> {
  readonly name: ScalarName;
  /** The same, but numbers out of range are stored modulo 2^bits. */
  readonly wrap: FieldType<Plain<V>>;
}

interface Kind {
  readonly size: number;
  fits(value: unknown): boolean;
  readonly range: string;
  readonly isBig?: boolean;
}

const whole = (size: number, convert: (value: number) => number, range: string): Kind => ({
  size,
  range,
  fits: (value) => typeof value === "number" && convert(value) === value,
});
const big = (convert: (bits: number, value: bigint) => bigint, range: string): Kind => ({
  size: 8,
  range,
  isBig: true,
  fits: (value) => typeof value === "bigint" && convert(64, value) === value,
});

const kinds: Readonly<Record<ScalarName, Kind>> = {
  u8: whole(1, (value) => value & 0xff, "an integer from 0 to 255"),
  i8: whole(1, (value) => (value << 24) >> 24, "an integer from -128 to 127"),
  u16: whole(2, (value) => value & 0xffff, "an integer from 0 to 65535"),
  i16: whole(2, (value) => (value << 16) >> 16, "an integer from -32768 to 32767"),
  u32: whole(4, (value) => value >>> 0, "an integer from 0 to 4294967295"),
  i32: whole(4, (value) => value | 0, "an integer from -2147483648 to 2147483647"),
  f32: {
    size: 4,
    range: "a number that 32 bits can hold",
    fits: (value) =>
      typeof value === "number" && (Number.isFinite(Math.fround(value)) || !Number.isFinite(value)),
  },
  f64: { size: 8, range: "a number", fits: (value) => typeof value === "number" },
  bool: { size: 1, range: "true or false", fits: (value) => typeof value === "boolean" },
  i64: big(BigInt.asIntN, "a bigint from -2^63 to 2^63 - 1"),
  u64: big(BigInt.asUintN, "a bigint from 0 to 2^64 - 1"),
};

export class Scalar implements FieldCalls {
  readonly name: ScalarName;
  readonly text: string;
  readonly size: number;
  readonly alignment: number;
  readonly wraps: boolean;
  private readonly kind: Kind;

  constructor(name: ScalarName, wraps = false) {
    this.name = name;
    this.text = name;
    this.wraps = wraps;
    this.kind = kinds[name];
    this.size = this.kind.size;
    this.alignment = this.size;
  }

  check(value: unknown, name: string): void {
    if (this.kind.fits(value)) return;
    if (this.wraps && typeof value === (this.kind.isBig === true ? "bigint" : "number")) return;
    throw refused(name, `is ${this.kind.range}, got ${show(value)}`);
  }

  read(memory: MemoryViews, address: number): Value {
    return read(this.name, memory.view, address);
  }

  write(memory: MemoryViews, address: number, value: unknown): void {
    write(this.name, memory.view, address, value as Value);
  }

  accessors(state: CursorState, offset: number, name: string): Accessors {
    const isAligned = offset % this.size === 0 && state.alignment % this.size === 0;
    return isAligned ? aligned(this, state, offset, name) : unaligned(this, state, offset, name);
  }
}

function unaligned(scalar: Scalar, state: CursorState, offset: number, name: string): Accessors {
  return {
    get: () => scalar.read(state, (state.at + offset) >>> 0),
    set: (value) => {
      scalar.check(value, name);
      scalar.write(state, (state.at + offset) >>> 0, value);
    },
  };
}

// A function each, and a test of the range that V8 makes an instruction or two of: only what fails it is looked at closer.
function aligned(scalar: Scalar, state: CursorState, offset: number, name: string): Accessors {
  const admit = (value: unknown) => scalar.check(value, name);
  switch (scalar.name) {
    case "u8":
      return number(
        () => state.u8[(state.at + offset) >>> 0] as number,
        (value) => {
          if (typeof value !== "number" || (value & 0xff) !== value) admit(value);
          state.u8[(state.at + offset) >>> 0] = value;
        },
      );
    case "i8":
      return number(
        () => state.i8[(state.at + offset) >>> 0] as number,
        (value) => {
          if (typeof value !== "number" || (value << 24) >> 24 !== value) admit(value);
          state.i8[(state.at + offset) >>> 0] = value;
        },
      );
    case "u16":
      return number(
        () => state.u16[(state.at + offset) >>> 1] as number,
        (value) => {
          if (typeof value !== "number" || (value & 0xffff) !== value) admit(value);
          state.u16[(state.at + offset) >>> 1] = value;
        },
      );
    case "i16":
      return number(
        () => state.i16[(state.at + offset) >>> 1] as number,
        (value) => {
          if (typeof value !== "number" || (value << 16) >> 16 !== value) admit(value);
          state.i16[(state.at + offset) >>> 1] = value;
        },
      );
    default:
      return alignedWide(scalar, state, offset, admit);
  }
}

function alignedWide(
  scalar: Scalar,
  state: CursorState,
  offset: number,
  admit: (value: unknown) => void,
): Accessors {
  switch (scalar.name) {
    case "u32":
      return number(
        () => state.u32[(state.at + offset) >>> 2] as number,
        (value) => {
          if (typeof value !== "number" || value >>> 0 !== value) admit(value);
          state.u32[(state.at + offset) >>> 2] = value;
        },
      );
    case "i32":
      return number(
        () => state.i32[(state.at + offset) >>> 2] as number,
        (value) => {
          if (typeof value !== "number" || (value | 0) !== value) admit(value);
          state.i32[(state.at + offset) >>> 2] = value;
        },
      );
    case "f32":
      return number(
        () => state.f32[(state.at + offset) >>> 2] as number,
        (value) => {
          if (typeof value !== "number" || !(Math.abs(value) < 2 ** 127)) admit(value);
          state.f32[(state.at + offset) >>> 2] = value;
        },
      );
    case "f64":
      return number(
        () => state.f64[(state.at + offset) >>> 3] as number,
        (value) => {
          if (typeof value !== "number") admit(value);
          state.f64[(state.at + offset) >>> 3] = value;
        },
      );
    default:
      return alignedOther(scalar, state, offset, admit);
  }
}

function alignedOther(
  scalar: Scalar,
  state: CursorState,
  offset: number,
  admit: (value: unknown) => void,
): Accessors {
  if (scalar.name === "bool")
    return {
      get: () => state.u8[(state.at + offset) >>> 0] !== 0,
      set: (value) => {
        if (typeof value !== "boolean") admit(value);
        state.u8[(state.at + offset) >>> 0] = value ? 1 : 0;
      },
    };
  const isSigned = scalar.name === "i64";
  return {
    get: () => (isSigned ? state.i64 : state.u64)[(state.at + offset) >>> 3],
    set: (value) => {
      admit(value);
      (isSigned ? state.i64 : state.u64)[(state.at + offset) >>> 3] = value as bigint;
    },
  };
}

/** What is set is unknown until `admit` has seen it; that numbers come is what the code is made for. */
const number = (get: () => number, set: (value: number) => void): Accessors => ({
  get,
  set: set as (value: unknown) => void,
});

function read(name: ScalarName, view: DataView, address: number): Value {
  switch (name) {
    case "u8":
      return view.getUint8(address);
    case "i8":
      return view.getInt8(address);
    case "u16":
      return view.getUint16(address, true);
    case "i16":
      return view.getInt16(address, true);
    case "u32":
      return view.getUint32(address, true);
    case "i32":
      return view.getInt32(address, true);
    case "f32":
      return view.getFloat32(address, true);
    case "f64":
      return view.getFloat64(address, true);
    case "bool":
      return view.getUint8(address) !== 0;
    case "i64":
      return view.getBigInt64(address, true);
    case "u64":
      return view.getBigUint64(address, true);
  }
}

function write(name: ScalarName, view: DataView, address: number, value: Value): void {
  if (typeof value === "bigint") return view.setBigInt64(address, BigInt.asIntN(64, value), true);
  const number = Number(value);
  switch (kinds[name].size) {
    case 1:
      return view.setUint8(address, number);
    case 2:
      return view.setUint16(address, number, true);
    case 4:
      return name === "f32" ? view.setFloat32(address, number, true) : view.setUint32(address, number, true);
    default:
      return view.setFloat64(address, number, true);
  }
}

function integer<V extends number | bigint>(name: ScalarName): IntegerType<V> {
  const made = new Scalar(name);
  return Object.assign(made, { wrap: new Scalar(name, true) }) as unknown as IntegerType<V>;
}

export const u8: IntegerType<number> = integer("u8");
export const i8: IntegerType<number> = integer("i8");
export const u16: IntegerType<number> = integer("u16");
export const i16: IntegerType<number> = integer("i16");
export const u32: IntegerType<number> = integer("u32");
export const i32: IntegerType<number> = integer("i32");
export const u64: IntegerType<bigint> = integer("u64");
export const i64: IntegerType<bigint> = integer("i64");
export const f32: FieldType<Plain<number>> = new Scalar("f32");
export const f64: FieldType<Plain<number>> = new Scalar("f64");
/** A byte: 0 is false, anything else true. */
export const bool: FieldType<Plain<boolean>> = new Scalar("bool");
