// Measures the ways to move texts and bytes into shared memory and out of it, ns a call, on whatever host runs it:
// docs/copies-and-texts.md. Needs a build. It names nothing of one host:
//
//   node scripts/texts.mjs          bun scripts/texts.mjs          deno run -A scripts/texts.mjs
//   node scripts/texts-in-browser.mjs chromium

import { SlabAllocator } from "../packages/offheap/dist/index.js";

const heap = new SlabAllocator({
  capacity: 2 ** 24,
  maxWorkers: 1,
  sizeClasses: [64, 128, 1024, 4096, 65_536],
});
const { u8, i32 } = heap;
const own = new Uint8Array(65_536 + 8);
const ownWords = new Int32Array(own.buffer);
const { fromCharCode } = String;
const methods = globalThis.Buffer?.prototype ?? {};
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** Keeps the engine from leaving the calls out. */
let sum = 0;

/** The fastest of many short slices: what the call takes while nobody else is at work. */
function nanoseconds(call) {
  try {
    for (let i = 0; i < 20_000; i++) sum += call();
  } catch {
    return undefined;
  }
  let calls = 64;
  let best = Number.POSITIVE_INFINITY;
  for (let slices = 0; slices < 60; ) {
    const begun = performance.now();
    for (let i = 0; i < calls; i++) sum += call();
    const took = performance.now() - begun;
    if (took < 1) calls *= 2;
    else {
      slices++;
      best = Math.min(best, (took * 1e6) / calls);
    }
  }
  return best;
}

function copyWords(from, bytes) {
  const first = from >>> 2;
  const count = (bytes + 3) >>> 2;
  for (let i = 0; i < count; i++) ownWords[i] = i32[first + i];
}

const readers = {
  "a loop of fromCharCode": (at, bytes) => () => {
    let text = "";
    for (let i = at; i < at + bytes; i++) text += fromCharCode(u8[i]);
    return text.length;
  },
  "latin1Slice (ASCII only)": (at, bytes) => () => methods.latin1Slice.call(u8, at, at + bytes).length,
  "private copy, utf8Slice": (at, bytes) => () => {
    copyWords(at, bytes);
    return methods.utf8Slice.call(own, 0, bytes).length;
  },
  "private copy, TextDecoder": (at, bytes) => () => {
    copyWords(at, bytes);
    return decoder.decode(own.subarray(0, bytes)).length;
  },
  readText: (at, bytes) => () => heap.readText(at, bytes).length,
};

const writers = {
  "a loop of charCodeAt (ASCII only)": (at, text) => () => {
    for (let i = 0; i < text.length; i++) u8[at + i] = text.charCodeAt(i);
    return text.length;
  },
  utf8Write: (at, text) => () => methods.utf8Write.call(u8, text, at, 4096),
  "encodeInto, then set": (at, text) => () => {
    const { written } = encoder.encodeInto(text, own);
    u8.set(own.subarray(0, written), at);
    return written;
  },
  writeText: (at, text) => () => heap.writeText(at, text),
};

const copiers = {
  "a loop of bytes": (at, bytes) => () => {
    for (let i = 0; i < bytes.length; i++) u8[at + i] = bytes[i];
    return 1;
  },
  set: (at, bytes) => () => {
    u8.set(bytes, at);
    return 1;
  },
  copyIn: (at, bytes) => () => {
    heap.copyIn(at, bytes);
    return 1;
  },
};

const takers = {
  "a new array alone": (_at, bytes) => () => new Uint8Array(bytes).length,
  slice: (at, bytes) => () => u8.slice(at, at + bytes).length,
  "a new array, set": (at, bytes) => () => {
    const out = new Uint8Array(bytes);
    out.set(u8.subarray(at, at + bytes));
    return out.length;
  },
  copyOut: (at, bytes) => () => heap.copyOut(at, bytes).length,
};

const texts = {
  "8 ASCII": "abcdefgh",
  "96 ASCII": "an ordinary text, ".repeat(6).slice(0, 96),
  "1,000 ASCII": "an ordinary text, ".repeat(60).slice(0, 1000),
  "96 accented": "être là, ".repeat(11).slice(0, 96),
  "1,000 accented": "être là, ".repeat(120).slice(0, 1000),
};
const lengths = { "96 bytes": [96, 0], "10,000, alike": [10_000, 0], "10,000, not alike": [10_000, 3] };

/** Rows of [call, way, length, ns]; a way that the host has not is left out. */
export function measure() {
  const rows = [];
  const add = (call, ways, name, ...given) => {
    for (const [way, make] of Object.entries(ways)) {
      const ns = nanoseconds(make(...given));
      if (ns !== undefined) rows.push([call, way, name, ns]);
    }
  };
  for (const [name, text] of Object.entries(texts)) {
    const at = heap.allocate(4096);
    const { written } = encoder.encodeInto(text, own);
    u8.set(own.subarray(0, written), at);
    add("read", readers, name, at, written);
    add("write", writers, name, at, text);
  }
  const object = heap.allocate(65_536);
  for (const [name, [length, shift]] of Object.entries(lengths)) {
    add("copy in", copiers, name, object, new Uint8Array(65_536).subarray(shift, shift + length));
    add("copy out", takers, name, object + shift, length);
  }
  return rows;
}

/** One line a row. */
export function asText(rows) {
  const short = (ns) => (ns < 100 ? ns.toFixed(1) : Math.round(ns).toLocaleString("en"));
  return rows
    .map(
      ([call, way, name, ns]) =>
        `${call.padEnd(9)} ${name.padEnd(18)} ${way.padEnd(34)} ${short(ns).padStart(9)}`,
    )
    .join("\n");
}

if (typeof document === "undefined") console.log(`${asText(measure())}\n${sum > 0 ? "ns a call" : ""}`);
