// Nothing in production (assert.ts).

// @ts-ignore: decorators are of the dialect alone
@inline export function assert(condition: bool): void {}
