import { alignDown } from "../base/index.ts";

/** Fixed views over a whole memory, indexed by address (divided by the element's size). */
export interface MemoryViews {
  readonly u8: Uint8Array;
  readonly i8: Int8Array;
  readonly u16: Uint16Array;
  readonly i16: Int16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly u64: BigUint64Array;
  readonly i64: BigInt64Array;
  readonly view: DataView;
}

/**
 * Something that shows a whole memory through fixed views. They outlive whatever it was made for; they are empty once
 * an ArrayBuffer was transferred, and each is made anew when a memory that is not shared has grown.
 */
export abstract class ViewedMemory implements MemoryViews {
  readonly u8!: Uint8Array;
  readonly i8!: Int8Array;
  readonly u16!: Uint16Array;
  readonly i16!: Int16Array;
  readonly u32!: Uint32Array;
  readonly i32!: Int32Array;
  readonly f32!: Float32Array;
  readonly f64!: Float64Array;
  readonly u64!: BigUint64Array;
  readonly i64!: BigInt64Array;
  readonly view!: DataView;

  protected constructor(buffer: ArrayBufferLike) {
    this.showMemory(buffer);
  }

  /** Makes the views; again after a memory that is not shared has grown and left the old ones empty. */
  protected showMemory(buffer: ArrayBufferLike): void {
    Object.assign(this, viewsOf(buffer));
  }
}

/**
 * Lengths are given, never left to the engine: a length-tracking view over a growable buffer costs
 * 31–39 ns in a loop where a fixed one costs 5 (docs/measurements.md).
 */
function viewsOf(buffer: ArrayBufferLike): MemoryViews {
  const bytes = buffer.byteLength;
  const elements = (elementBytes: number) => alignDown(bytes, elementBytes) / elementBytes;
  return {
    u8: new Uint8Array(buffer, 0, bytes),
    i8: new Int8Array(buffer, 0, bytes),
    u16: new Uint16Array(buffer, 0, elements(2)),
    i16: new Int16Array(buffer, 0, elements(2)),
    u32: new Uint32Array(buffer, 0, elements(4)),
    i32: new Int32Array(buffer, 0, elements(4)),
    f32: new Float32Array(buffer, 0, elements(4)),
    f64: new Float64Array(buffer, 0, elements(8)),
    u64: new BigUint64Array(buffer, 0, elements(8)),
    i64: new BigInt64Array(buffer, 0, elements(8)),
    view: new DataView(buffer, 0, bytes),
  };
}
