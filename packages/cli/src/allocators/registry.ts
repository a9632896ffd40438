// The allocators by the names of `--allocator`. Workers load the adapter's module by itself, so it is an URL.

import { CliError } from "../errors.ts";
import type { AllocatorAdapter } from "./adapter.ts";

export const allocatorNames = ["slab", "pool"] as const;
export type AllocatorName = (typeof allocatorNames)[number];

const modules: { readonly [name in AllocatorName]?: URL } = {
  slab: new URL("./slab.js", import.meta.url),
};

export function adapterUrl(name: AllocatorName): URL {
  const url = modules[name];
  if (url) return url;
  throw new CliError(
    "ERR_USAGE",
    `--allocator ${name}: MemoryPool is not part of offheap yet; use --allocator slab`,
  );
}

export async function loadAdapter(url: URL | string): Promise<AllocatorAdapter> {
  const module = (await import(String(url))) as { readonly adapter: AllocatorAdapter };
  return module.adapter;
}
