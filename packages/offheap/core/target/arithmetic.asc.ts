// Arithmetic of 32 bits that means the same on both targets, for WebAssembly.

// @ts-ignore: decorators are of the dialect alone
@inline export function multiply(a: i32, b: i32): i32 { return a * b; }
// @ts-ignore: decorators are of the dialect alone
@inline export function divide(a: i32, b: i32): i32 { return b > 0 ? a / b : 0; }
// @ts-ignore: decorators are of the dialect alone
@inline export function lessUnsigned(a: i32, b: i32): bool { return <u32>a < <u32>b; }
// @ts-ignore: decorators are of the dialect alone
@inline export function rotateRight(a: i32, bits: i32): i32 { return rotr<i32>(a, bits); }
// @ts-ignore: decorators are of the dialect alone
@inline export function leadingZeros(a: i32): i32 { return clz<i32>(a); }
// @ts-ignore: decorators are of the dialect alone
@inline export function trailingZeros(a: i32): i32 { return ctz<i32>(a); }
// @ts-ignore: decorators are of the dialect alone
@inline export function least(a: i32, b: i32): i32 { return a < b ? a : b; }
// @ts-ignore: decorators are of the dialect alone
@inline export function most(a: i32, b: i32): i32 { return a < b ? b : a; }
