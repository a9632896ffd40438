// Texts, bytes, and handles of other records.

import { show } from "../base/index.ts";
import { copyIn, copyOut, isUint8Array, readText, utf8Bytes, writeText } from "../contents/index.ts";
import type { MemoryViews } from "../memory/index.ts";
import {
  type Accessors,
  type CursorState,
  checkCapacity,
  type FieldCalls,
  type FieldType,
  type Plain,
  refused,
} from "./field.ts";

/** What every type has that is read and written by its address. */
abstract class ByAddress implements FieldCalls {
  readonly size: number;
  readonly alignment: number;
  readonly text: string;

  constructor(size: number, alignment: number, text: string) {
    this.size = size;
    this.alignment = alignment;
    this.text = text;
  }

  abstract check(value: unknown, name: string): void;
  abstract read(memory: MemoryViews, address: number): unknown;
  abstract write(memory: MemoryViews, address: number, value: unknown): void;

  accessors(state: CursorState, offset: number, name: string): Accessors {
    return {
      get: () => this.read(state, (state.at + offset) >>> 0),
      set: (value) => {
        this.check(value, name);
        this.write(state, (state.at + offset) >>> 0, value);
      },
    };
  }
}

class Utf8 extends ByAddress {
  private readonly isCut: boolean;

  constructor(size: number, isCut: boolean) {
    super(size, 1, `utf8(${size})`);
    this.isCut = isCut;
  }

  check(value: unknown, name: string): void {
    if (typeof value !== "string") throw refused(name, `is a text, got ${show(value)}`);
    if (value.includes("\0")) throw refused(name, "is a text without U+0000, which ends it");
    if (this.isCut || value.length * 3 <= this.size) return;
    const bytes = utf8Bytes(value);
    if (bytes > this.size)
      throw refused(name, `has ${this.size} bytes, the text ${bytes}`, "ERR_INVALID_SIZE");
  }

  read({ u8, i32 }: MemoryViews, address: number): string {
    let length = 0;
    while (length < this.size && u8[address + length] !== 0) length++;
    return readText(u8, i32, address, length);
  }

  write({ u8 }: MemoryViews, address: number, value: unknown): void {
    const written = writeText(u8, address, value as string, this.size);
    for (let i = written; i < this.size; i++) u8[address + i] = 0;
  }
}

class Bytes extends ByAddress {
  constructor(size: number) {
    super(size, 1, `bytes(${size})`);
  }

  check(value: unknown, name: string): void {
    if (!isUint8Array(value)) throw refused(name, `is a Uint8Array, got ${show(value)}`);
    if (value.length > this.size)
      throw refused(name, `has ${this.size} bytes, got ${value.length}`, "ERR_INVALID_SIZE");
  }

  read({ u8 }: MemoryViews, address: number): Uint8Array {
    return copyOut(u8, address, this.size);
  }

  write({ u8 }: MemoryViews, address: number, value: unknown): void {
    const bytes = value as Uint8Array;
    copyIn(u8, address, bytes);
    for (let i = bytes.length; i < this.size; i++) u8[address + i] = 0;
  }
}

const halfBytes = 4;
const halfUnit = 2 ** 32;

/** A handle as a 64-bit integer: the address, then the generation. */
class Ref extends ByAddress {
  constructor() {
    super(8, 8, "ref");
  }

  check(value: unknown, name: string): void {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return;
    throw refused(name, `is the handle of a record, or 0 for none, got ${show(value)}`);
  }

  read({ view }: MemoryViews, address: number): number {
    return view.getUint32(address + halfBytes, true) * halfUnit + view.getUint32(address, true);
  }

  write({ view }: MemoryViews, address: number, value: unknown): void {
    view.setUint32(address, (value as number) >>> 0, true);
    view.setUint32(address + halfBytes, Math.floor((value as number) / halfUnit), true);
  }
}

/**
 * A text of at most so many bytes of UTF-8, zeros behind it. One that is longer is refused, or with `cut` ends at the last
 * whole code point that fits. @throws ERR_INVALID_SIZE, ERR_INVALID_OPTION
 */
export function utf8(bytes: number, options: { cut?: boolean } = {}): FieldType<Plain<string>> {
  const { cut = false, ...rest } = Object(options) as { cut?: unknown };
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw refused("utf8", `knows no option ${show(unknown)}: known: cut`);
  if (typeof cut !== "boolean") throw refused("cut", `is true or false, got ${show(cut)}`);
  return new Utf8(checkCapacity("utf8", bytes), cut);
}

/** So many bytes, read as a copy. Shorter ones are followed by zeros. @throws ERR_INVALID_SIZE */
export function bytes(count: number): FieldType<Plain<Uint8Array>> {
  return new Bytes(checkCapacity("bytes", count));
}

/** The handle of another record; 0 is none. `target` is a function, so that structs may name each other. @throws ERR_INVALID_OPTION */
export function ref(target: object): FieldType<Plain<number>> {
  if (typeof target === "function") return new Ref();
  throw refused("ref", `takes a function that returns a struct, ref(() => T), got ${show(target)}`);
}
