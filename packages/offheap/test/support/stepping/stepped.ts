// The compiled core with every access an import.

import { readFileSync } from "node:fs";
import type { CoreInstance, Verbs } from "#core/built/instance.js";
import { wasmInstanceOf, wasmModule } from "../wasm.ts";

let module: object | undefined;

/** A new instance over the verbs. */
export function steppedInstance(verbs: Verbs): CoreInstance {
  module ??= wasmModule(readFileSync(new URL("../../../dist/core/built/stepped.wasm", import.meta.url)));
  // A copy: to what a module exports nothing can be added.
  return { ...(wasmInstanceOf(module, { verbs }) as CoreInstance) };
}
