// Which target serves a WebAssembly.Memory in this test run: WebAssembly, or JavaScript after use-js.ts.

const noted = globalThis as { usualEngine?: "wasm" | "js" };

export function noteUsualEngine(engine: "wasm" | "js"): void {
  noted.usualEngine = engine;
}

export function usualEngine(): "wasm" | "js" {
  return noted.usualEngine ?? "wasm";
}
