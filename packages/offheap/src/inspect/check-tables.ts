// What check() looks at of the tables that follow from the configuration: the class of each request, and what divides an
// offset by each class's bytes. The fast path reads both, and whoever attaches believes them.

import { oddInverse, trailingZeros } from "../base/index.ts";
import {
  classByGranule,
  classByMalloc,
  classEntry,
  classesWord,
  wordsPerClassEntry,
} from "../layout/index.ts";
import { bufferOf, type Heap } from "../memory/index.ts";

export function checkTables(heap: Heap, report: (invariant: "header", message: string) => void): void {
  const { words, bytes, layout } = heap;
  const classes = classByGranule(layout);
  const wrong = Array.from({ length: layout.tableBytes }).findIndex(
    (_, granules) => bytes[granules] !== (classes[granules] ?? 0),
  );
  if (wrong >= 0) report("header", `requests of ${wrong * 8} bytes are of class ${bytes[wrong]}`);
  if (layout.pageSpanChunks > 0) {
    const wanted = classByMalloc(layout);
    const at = heap.offset + layout.statesAt - 2 * layout.tableBytes;
    const found = new Uint8Array(bufferOf(heap.source), at, layout.tableBytes);
    if (!found.every((value, granules) => value === (wanted[granules] ?? 0)))
      report("header", "a request of malloc leads to a wrong class");
  }
  layout.objectBytes.forEach((objectBytes, i) => {
    const at = classesWord + i * wordsPerClassEntry + classEntry.inverse;
    if (words[at] !== oddInverse(objectBytes >>> trailingZeros(objectBytes)))
      report("header", `offsets in slabs of ${objectBytes} bytes are divided by ${words[at]}`);
  });
}
