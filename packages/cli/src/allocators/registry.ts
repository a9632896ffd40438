// The allocators by the names of `--allocator`. Workers load the adapter's module by itself, so it is an URL.

import type { AllocatorAdapter } from "./adapter.ts";

export const allocatorNames = ["pool", "slab"] as const;
export type AllocatorName = (typeof allocatorNames)[number];

const modules: { readonly [name in AllocatorName]: URL } = {
  pool: new URL("./pool.js", import.meta.url),
  slab: new URL("./slab.js", import.meta.url),
};

export function adapterUrl(name: AllocatorName): URL {
  return modules[name];
}

export async function loadAdapter(url: URL | string): Promise<AllocatorAdapter> {
  const module = (await import(String(url))) as { readonly adapter: AllocatorAdapter };
  return module.adapter;
}
