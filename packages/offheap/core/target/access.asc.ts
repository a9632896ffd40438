// The verbs of the core, for WebAssembly. access.ts, which JavaScript uses, says what each is.

let ownAt: i32 = 0;
let loadedStamp: i32 = 0;

// @ts-ignore: decorators are of the dialect alone
@inline export function load32(at: i32): i32 { return load<i32>(at); }
// @ts-ignore: decorators are of the dialect alone
@inline export function store32(at: i32, value: i32): void { store<i32>(at, value); }
// @ts-ignore: decorators are of the dialect alone
@inline export function load8(at: i32): i32 { return load<u8>(at); }
// @ts-ignore: decorators are of the dialect alone
@inline export function store8(at: i32, value: i32): void { store<u8>(at, value); }
// @ts-ignore: decorators are of the dialect alone
@inline export function loadQuad(at: i32): i32 { return load<i32>(at); }
// @ts-ignore: decorators are of the dialect alone
@inline export function storeQuad(at: i32, value: i32): void { store<i32>(at, value); }
// An atomic load, so that the optimiser neither merges nor moves it: 0.3 ns.
// @ts-ignore: decorators are of the dialect alone
@inline export function glance32(at: i32): i32 { return atomic.load<i32>(at); }
// @ts-ignore: decorators are of the dialect alone
@inline export function constant32(at: i32): i32 { return load<i32>(at); }
// @ts-ignore: decorators are of the dialect alone
@inline export function constant8(at: i32): i32 { return load<u8>(at); }
// @ts-ignore: decorators are of the dialect alone
@inline export function atomicLoad32(at: i32): i32 { return atomic.load<i32>(at); }
// @ts-ignore: decorators are of the dialect alone
@inline export function atomicStore32(at: i32, value: i32): void { atomic.store<i32>(at, value); }
// @ts-ignore: decorators are of the dialect alone
@inline export function compareExchange32(at: i32, expected: i32, desired: i32): bool { return atomic.cmpxchg<i32>(at, expected, desired) == expected; }
// @ts-ignore: decorators are of the dialect alone
@inline export function compareExchange8(at: i32, expected: i32, desired: i32): bool { return <i32>atomic.cmpxchg<u8>(at, <u8>expected, <u8>desired) == expected; }
// @ts-ignore: decorators are of the dialect alone
@inline export function or32(at: i32, bits: i32): i32 { return atomic.or<i32>(at, bits); }
// @ts-ignore: decorators are of the dialect alone
@inline export function and32(at: i32, bits: i32): i32 { return atomic.and<i32>(at, bits); }
// @ts-ignore: decorators are of the dialect alone
@inline export function add32(at: i32, delta: i32): i32 { return atomic.add<i32>(at, delta); }
export function loadCell(at: i32): i32 {
  const pair = atomic.load<i64>(at);
  loadedStamp = <i32>(pair >> 32);
  return <i32>pair;
}
// @ts-ignore: decorators are of the dialect alone
@inline export function stampLoaded(): i32 { return loadedStamp; }
export function exchangeCell(at: i32, value: i32, stamp: i32, nextValue: i32, nextStamp: i32): bool {
  const expected = (<i64>stamp << 32) | <i64><u32>value;
  return atomic.cmpxchg<i64>(at, expected, (<i64>nextStamp << 32) | <i64><u32>nextValue) == expected;
}
export function wake(at: i32): void { atomic.notify(at, -1); }
// @ts-ignore: decorators are of the dialect alone
@inline export function moveDown(to: i32, from: i32, count: i32): void { memory.copy(to, from, count << 2); }
// @ts-ignore: decorators are of the dialect alone
@inline export function clearBytes(at: i32, count: i32): void { memory.fill(at, 0, count); }
// A call of memory.copy costs what a loop over 128 bytes does.
export function copyBytes(to: i32, from: i32, count: i32): void {
  if (count > 128) {
    memory.copy(to, from, count);
    return;
  }
  for (let i = 0; i < count; i += 8) store<i64>(to + i, load<i64>(from + i));
}
export function bindOwn(at: i32): void { ownAt = at; }
// @ts-ignore: decorators are of the dialect alone
@inline export function ownLoad32(offset: i32): i32 { return load<i32>(ownAt + offset); }
// @ts-ignore: decorators are of the dialect alone
@inline export function ownStore32(offset: i32, value: i32): void { store<i32>(ownAt + offset, value); }
// @ts-ignore: decorators are of the dialect alone
@inline export function ownLoad8(offset: i32): i32 { return load<u8>(ownAt + offset); }
// @ts-ignore: decorators are of the dialect alone
@inline export function ownStore8(offset: i32, value: i32): void { store<u8>(ownAt + offset, value); }
// @ts-ignore: decorators are of the dialect alone
@external("shell", "mallocSlow")
export declare function mallocSlow(size: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("shell", "freeSlow")
export declare function freeSlow(address: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("shell", "callocSlow")
export declare function callocSlow(count: i32, size: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("shell", "reallocSlow")
export declare function reallocSlow(address: i32, size: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("shell", "alignedSlow")
export declare function alignedSlow(alignment: i32, size: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("shell", "cleanUpSlow")
export declare function cleanUpSlow(): void;
