// What must hold at the entry of a call, in test builds. In production it is nothing: scripts/core.mjs takes it out of the
// JavaScript, and WebAssembly has an empty function. A condition reads variables of the module only.

export function assert(condition: bool): void {
  if (!condition)
    throw new RangeError("a call of the core with an argument that none of its callers may pass");
}
