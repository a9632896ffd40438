// Preloaded where a mutant is tried: suites of the WebAssembly of the core, which is as it was, are left out.

import { createRequire, syncBuiltinESMExports } from "node:module";

const test = createRequire(import.meta.url)("node:test");
const { describe } = test;
const isOfWasm = (name) => typeof name === "string" && /[,:] wasm\b/.test(name);
test.describe = Object.assign(
  (name, ...rest) => (isOfWasm(name) ? Promise.resolve() : describe(name, ...rest)),
  describe,
);
syncBuiltinESMExports();
