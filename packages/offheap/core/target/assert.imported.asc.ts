// What must hold at the entry of a call (assert.ts): a trap where it does not.

// @ts-ignore: decorators are of the dialect alone
@inline export function assert(condition: bool): void { if (!condition) unreachable(); }
