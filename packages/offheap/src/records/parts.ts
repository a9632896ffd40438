// Fields with calls of their own: arrays, and numbers that several workers change at once.

import { show } from "../base/index.ts";
import { fieldAtomics, type IntegerView, type MemoryViews } from "../memory/index.ts";
import {
  type Accessors,
  type CursorState,
  callsOf,
  checkCapacity,
  type FieldCalls,
  type FieldType,
  type FieldTypes,
  type Part,
  refused,
} from "./field.ts";
import { type IntegerType, Scalar } from "./scalars.ts";

/** The elements of an array field, of the record that its cursor stands at. */
export interface Elements<Held, Init> extends Iterable<Held> {
  readonly length: number;
  /** @throws ERR_INVALID_OPTION beyond the end */
  get(index: number): Held;
  set(index: number, value: Init): void;
}

/** A number that several workers change at once: sequentially consistent, as `Atomics` is. */
export interface AtomicNumber<V> {
  load(): V;
  store(value: V): void;
  /** Returns what it was; wraps. */
  add(value: V): V;
  exchange(value: V): V;
  /** Stores `desired` where it was `expected`. Returns what it was. */
  compareExchange(expected: V, desired: V): V;
}

type Of<T extends FieldTypes> = Part<
  readonly T["value"][],
  readonly T["init"][],
  Elements<T["held"], T["init"]>
>;

class ArrayField implements FieldCalls {
  readonly size: number;
  readonly alignment: number;
  readonly text: string;
  readonly element: FieldCalls;
  private readonly length: number;

  constructor(element: FieldCalls, length: number) {
    this.element = element;
    this.length = length;
    this.size = element.size * length;
    this.alignment = element.alignment;
    this.text = `array(${element.text},${length})`;
  }

  refusesOffset(offset: number, alignment: number): string | undefined {
    return this.element.refusesOffset?.(offset, Math.min(alignment, this.element.size & -this.element.size));
  }

  check(value: unknown, name: string): void {
    const list = listOf(value, name);
    if (list.length > this.length)
      throw refused(name, `has ${this.length} elements, got ${list.length}`, "ERR_INVALID_SIZE");
    for (let i = 0; i < list.length; i++) this.element.check(list[i], `${name}[${i}]`);
  }

  read(memory: MemoryViews, address: number): unknown[] {
    const { element } = this;
    return Array.from({ length: this.length }, (_, i) => element.read(memory, address + i * element.size));
  }

  write(memory: MemoryViews, address: number, value: unknown): void {
    const { element } = this;
    const list = value as ArrayLike<unknown>;
    for (let i = 0; i < list.length; i++) element.write(memory, address + i * element.size, list[i]);
    memory.u8.fill(0, address + list.length * element.size, address + this.size);
  }

  accessors(state: CursorState, offset: number, name: string): Accessors {
    const { element, length } = this;
    const together = state.alignment | offset | element.size;
    const own = state.part(together & -together);
    const { get, set } = element.accessors(own, 0, name);
    const move = (index: number) => {
      if (!(Number.isInteger(index) && index >= 0 && index < length))
        throw refused(`${name}[${show(index)}]`, `is beyond its ${length} elements`);
      own.at = (state.at + offset + index * element.size) | 0;
    };
    const elements: Elements<unknown, unknown> = {
      length,
      get: (index) => {
        move(index);
        return get();
      },
      set: (index, value) => {
        if (set === undefined) element.check(value, `${name}[${index}]`);
        move(index);
        if (set === undefined) element.write(state, own.at >>> 0, value);
        else set(value);
      },
      *[Symbol.iterator]() {
        for (let i = 0; i < length; i++) yield elements.get(i);
      },
    };
    return { get: () => elements };
  }
}

function listOf(value: unknown, name: string): ArrayLike<unknown> {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
  if (isList) return value as unknown as ArrayLike<unknown>;
  throw refused(name, `is an array, got ${show(value)}`);
}

const viewNames = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"] as const;

class AtomicField implements FieldCalls {
  readonly size: number;
  readonly alignment: number;
  readonly text: string;
  private readonly scalar: Scalar;
  private readonly view: (typeof viewNames)[number];

  constructor(scalar: Scalar, view: (typeof viewNames)[number]) {
    this.scalar = scalar;
    this.view = view;
    this.size = scalar.size;
    this.alignment = scalar.size;
    this.text = `atomic(${scalar.text})`;
  }

  refusesOffset(offset: number, alignment: number): string | undefined {
    const isAligned = offset % this.size === 0 && alignment % this.size === 0;
    return isAligned
      ? undefined
      : `is atomic, so it stands at a multiple of ${this.size} bytes, not at ${offset}`;
  }

  check(value: unknown, name: string): void {
    this.scalar.check(value, name);
  }

  read(memory: MemoryViews, address: number): unknown {
    return fieldAtomics.load(memory[this.view] as IntegerView, address / this.size);
  }

  write(memory: MemoryViews, address: number, value: unknown): void {
    fieldAtomics.store(memory[this.view] as IntegerView, address / this.size, value as never);
  }

  accessors(state: CursorState, offset: number, name: string): Accessors {
    const { view, size } = this;
    const views = () => state[view] as IntegerView;
    const at = () => ((state.at + offset) >>> 0) / size;
    const admit = (value: unknown) => {
      this.scalar.check(value, name);
      return value as never;
    };
    const part: AtomicNumber<number | bigint> = {
      load: () => fieldAtomics.load(views(), at()),
      store: (value) => fieldAtomics.store(views(), at(), admit(value)),
      add: (value) => fieldAtomics.add(views(), at(), admit(value)),
      exchange: (value) => fieldAtomics.exchange(views(), at(), admit(value)),
      compareExchange: (expected, desired) =>
        fieldAtomics.compareExchange(views(), at(), admit(expected), admit(desired)),
    };
    return { get: () => part };
  }
}

/** So many elements of a type. What is set to a shorter list has zeros behind it. @throws ERR_INVALID_SIZE, ERR_INVALID_OPTION */
export function array<T extends FieldTypes>(type: FieldType<T>, length: number): FieldType<Of<T>> {
  return new ArrayField(callsOf(type, "array"), checkCapacity("array", length));
}

/** A number that several workers change at once. @throws ERR_INVALID_OPTION for what is no integer type */
export function atomic<V extends number | bigint>(
  type: IntegerType<V> | IntegerType<V>["wrap"],
): FieldType<Part<V, V, AtomicNumber<V>>> {
  const { name, wraps } = Object(type) as Partial<Scalar>;
  const view = viewNames.find((each) => each === name);
  if (view === undefined) throw refused("atomic", "takes u8, i8, u16, i16, u32, i32, u64 or i64");
  return new AtomicField(new Scalar(view, wraps === true), view);
}
