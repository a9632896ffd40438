/** So many records: until a program that has just started can read them, from a heap in a file, or from a file that it loads. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MemoryPool } from "offheap";
import { loadOs } from "offheap/os";
import { closeHeap, openHeap } from "offheap/process";
import { f64, Records, struct, u32 } from "offheap/records";
import type { ProcessesAnswer, ProcessesRequest } from "./protocol.ts";
import { nowNs } from "./run.ts";

const Visit = struct({ id: u32, count: u32, weight: f64 });
const recordBytes = 16;
const caseMain = fileURLToPath(new URL("./main.js", import.meta.url));
const capacityFor = (count: number): number => Math.ceil((count * 48) / 2 ** 20 + 64) * 2 ** 20;

function rowsOf(count: number): Uint8Array {
  const rows = new Uint8Array(count * recordBytes);
  const [words, weights] = [new Uint32Array(rows.buffer), new Float64Array(rows.buffer)];
  for (let i = 0; i < count; i++) {
    words[i * 4] = i + 1;
    words[i * 4 + 1] = 1;
    weights[i * 2 + 1] = i / 2;
  }
  return rows;
}

/** Makes records of rows; returns the handle of the last. */
function load(heap: MemoryPool, rows: Uint8Array): number {
  const visits = new Records(heap, Visit);
  heap.roots.set("visits", visits.handle);
  const [words, weights] = [
    new Uint32Array(rows.buffer, rows.byteOffset, rows.byteLength / 4),
    new Float64Array(rows.buffer, rows.byteOffset, rows.byteLength / 8),
  ];
  const count = rows.byteLength / recordBytes;
  let last = 0;
  for (let i = 0; i < count; i++) {
    last = visits.create();
    const visit = visits.at(last);
    visit.id = words[i * 4] as number;
    visit.count = words[i * 4 + 1] as number;
    visit.weight = weights[i * 2 + 1] as number;
  }
  return last;
}

/** Until a record has been read, in a program that has just started, or one (`mapped-again`) that has opened another heap before. */
function openNow({ peer, count }: ProcessesRequest, folder: string): ProcessesAnswer {
  const os = loadOs();
  const last = Number(readFileSync(join(folder, "last"), "utf8"));
  if (peer === "mapped-again") closeHeap(openHeap(join(folder, "other"), { capacity: 2 ** 20, os }));
  const began = nowNs();
  let found = count;
  if (peer.startsWith("mapped")) {
    const heap = openHeap(join(folder, "heap"), { os });
    found = Records.attach(heap, heap.roots.get("visits"), Visit).at(last).id;
  } else if (peer === "loaded-records") {
    load(new MemoryPool({ capacity: capacityFor(count) }), readFileSync(join(folder, "rows")));
  } else {
    const rows = readFileSync(join(folder, "rows"));
    const list = [];
    for (let at = 0; at < rows.length; at += recordBytes)
      list.push({
        ...{ id: rows.readUInt32LE(at), count: rows.readUInt32LE(at + 4) },
        weight: rows.readDoubleLE(at + 8),
      });
    found = list.length;
  }
  const ns = nowNs() - began;
  if (found !== count) throw new Error(`the last record is ${found}`);
  return { ns };
}

/** Makes the files, and starts the program that opens them. */
export function openCase(
  request: ProcessesRequest & { readonly folder?: string },
  folder: string,
): ProcessesAnswer {
  if (request.folder !== undefined) return openNow(request, request.folder);
  const { peer, count } = request;
  const rows = rowsOf(count);
  let last = 0;
  if (peer.startsWith("mapped")) {
    const heap = openHeap(join(folder, "heap"), { capacity: capacityFor(count) });
    last = load(heap, rows);
    closeHeap(heap);
  } else writeFileSync(join(folder, "rows"), rows);
  writeFileSync(join(folder, "last"), String(last));
  const started = spawnSync(process.execPath, [caseMain, JSON.stringify({ ...request, folder })], {
    encoding: "utf8",
  });
  if (started.status !== 0) throw new Error(started.stderr);
  return JSON.parse(started.stdout) as ProcessesAnswer;
}
