// The verbs of the core as imports: every access of the compiled core is a call, which a test can order and cut.

// @ts-ignore: decorators are of the dialect alone
@external("verbs", "load32")
export declare function load32(at: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "store32")
export declare function store32(at: i32, value: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "load8")
export declare function load8(at: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "store8")
export declare function store8(at: i32, value: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "loadQuad")
export declare function loadQuad(at: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "storeQuad")
export declare function storeQuad(at: i32, value: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "glance32")
export declare function glance32(at: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "constant32")
export declare function constant32(at: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "constant8")
export declare function constant8(at: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "atomicLoad32")
export declare function atomicLoad32(at: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "atomicStore32")
export declare function atomicStore32(at: i32, value: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "compareExchange32")
export declare function compareExchange32(at: i32, expected: i32, desired: i32): bool;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "compareExchange8")
export declare function compareExchange8(at: i32, expected: i32, desired: i32): bool;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "or32")
export declare function or32(at: i32, bits: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "and32")
export declare function and32(at: i32, bits: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "add32")
export declare function add32(at: i32, delta: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "loadCell")
export declare function loadCell(at: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "stampLoaded")
export declare function stampLoaded(): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "exchangeCell")
export declare function exchangeCell(at: i32, value: i32, stamp: i32, nextValue: i32, nextStamp: i32): bool;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "wake")
export declare function wake(at: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "moveDown")
export declare function moveDown(to: i32, from: i32, count: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "copyBytes")
export declare function copyBytes(to: i32, from: i32, count: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "bindOwn")
export declare function bindOwn(at: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "ownLoad32")
export declare function ownLoad32(offset: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "ownStore32")
export declare function ownStore32(offset: i32, value: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "ownLoad8")
export declare function ownLoad8(offset: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "ownStore8")
export declare function ownStore8(offset: i32, value: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "mallocSlow")
export declare function mallocSlow(size: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "freeSlow")
export declare function freeSlow(address: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "clearBytes")
export declare function clearBytes(at: i32, count: i32): void;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "callocSlow")
export declare function callocSlow(count: i32, size: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "reallocSlow")
export declare function reallocSlow(address: i32, size: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "alignedSlow")
export declare function alignedSlow(alignment: i32, size: i32): i32;
// @ts-ignore: decorators are of the dialect alone
@external("verbs", "cleanUpSlow")
export declare function cleanUpSlow(): void;
