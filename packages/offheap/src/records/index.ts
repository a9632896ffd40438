// Typed records: structs with C's layout, cursors whose properties are their fields, and handles that tell when they are
// stale. Published as `offheap/records`.

// Structs and the types of their fields.
export { type FieldView, type Init, type Struct, struct, type Values } from "./struct.ts";
export { bool, f32, f64, i8, i16, i32, i64, type IntegerType, u8, u16, u32, u64 } from "./scalars.ts";
export { bytes, ref, utf8 } from "./contents.ts";
export { type AtomicNumber, array, atomic, type Elements } from "./parts.ts";
export type { FieldType } from "./field.ts";

// Objects of one struct in a heap.
export { type OwnedRecord, type RecordHandle, Records } from "./records.ts";
export type { RecordsHandle } from "./description.ts";
export type { Column, RecordSpan } from "./walk.ts";
