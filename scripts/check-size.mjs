// The library's size in a web application's bundle, minified and gzipped, against its limit. The sizes are recorded
// in docs/bundle-size.json; a record that is out by more than a tenth fails, too:
//
//   npm run check:size
//   npm run check:size -- --write    records what is measured now; limits are set by hand

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { bundle } from "./hosts/bundle.mjs";
import { root } from "./workspace.mjs";

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
const path = join(root, "docs/bundle-size.json");
const record = JSON.parse(readFileSync(path, "utf8"));
const library = JSON.stringify(join(root, "packages/offheap/dist/index.js"));
const tolerance = 1 / 10;

let failed = 0;
for (const [imports, entry] of Object.entries(record)) {
  const minified = await bundle(`export ${imports} from ${library}`, { format: "esm" });
  const now = { minifiedBytes: minified.length, gzippedBytes: gzipSync(minified, { level: 9 }).length };
  const complaint = values.write ? undefined : complaintOf(now, entry);
  const words = `${now.minifiedBytes} bytes minified, ${now.gzippedBytes} gzipped (limit ${entry.gzippedLimitBytes})`;
  console.log(`${complaint === undefined ? "ok  " : "FAIL"} export ${imports}: ${words}`);
  if (complaint !== undefined) console.error(`     ${complaint}`);
  failed += complaint === undefined ? 0 : 1;
  record[imports] = { ...entry, ...now };
}
if (values.write) writeFileSync(path, `${JSON.stringify(record, null, 2)}\n`);
process.exit(failed === 0 ? 0 : 1);

function complaintOf(now, entry) {
  if (now.gzippedBytes > entry.gzippedLimitBytes)
    return `${now.gzippedBytes - entry.gzippedLimitBytes} bytes over the limit`;
  const isRecorded = Object.keys(now).every((name) => Math.abs(now[name] / entry[name] - 1) <= tolerance);
  return isRecorded ? undefined : "docs/bundle-size.json is out of date: npm run check:size -- --write";
}
