// The library in one file, by esbuild, as a web application's build would have it.

import { build } from "esbuild";

/**
 * Bundles and minifies a module's text.
 * @param {{ format: "esm" | "iife", file?: string }} options an `iife` sets the global `offheap`
 * @returns the bytes of the bundle
 */
export async function bundle(text, { format, file }) {
  const result = await build({
    stdin: { contents: text, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: file !== undefined,
    format,
    platform: "neutral",
    target: "es2022",
    logLevel: "warning",
    ...(file !== undefined && { outfile: file }),
    ...(format === "iife" && { globalName: "offheap" }),
  });
  return result.outputFiles?.[0].contents;
}
