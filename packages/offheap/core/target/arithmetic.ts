// Arithmetic of 32 bits that means the same on both targets, for JavaScript. arithmetic.asc.ts is WebAssembly's.

export function multiply(a: i32, b: i32): i32 {
  return Math.imul(a, b);
}
/** Rounded down; `a` is at least 0. By what is not above 0, which only damaged books have: 0. */
export function divide(a: i32, b: i32): i32 {
  return b > 0 ? (a / b) | 0 : 0;
}
export function lessUnsigned(a: i32, b: i32): bool {
  return a >>> 0 < b >>> 0;
}
export function rotateRight(a: i32, bits: i32): i32 {
  return (a >>> (bits & 31)) | (a << (-bits & 31));
}
export function leadingZeros(a: i32): i32 {
  return Math.clz32(a);
}
/** 32 for 0. */
export function trailingZeros(a: i32): i32 {
  return a === 0 ? 32 : 31 - Math.clz32(a & -a);
}
export function least(a: i32, b: i32): i32 {
  return a < b ? a : b;
}
export function most(a: i32, b: i32): i32 {
  return a < b ? b : a;
}
