// A module in C and JavaScript on one heap: what one allocates the other reads and frees, and nothing is copied.
// Needs clang and lld; without them it says so and ends.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MemoryPool, SizeClasses } from "offheap";

const bytes = compile(fileURLToPath(new URL("word-count.c", import.meta.url)));
if (bytes) await main(bytes);
else console.log("left out: clang with lld is not there (apt-get install clang lld)");

async function main(module) {
  // The module's static data and stack lie below 128 KiB (--global-base, stack-size); the heap begins there.
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65_536, shared: true });
  const pool = new MemoryPool({ memory, offset: 2 * 65_536, sizeClasses: SizeClasses.malloc });
  const { instance } = await WebAssembly.instantiate(module, { env: { memory, ...pool.asMalloc() } });
  const { countWords, append } = instance.exports;

  const text = new TextEncoder().encode("to be or not to be");
  let address = pool.allocate(text.length);
  pool.u8.set(text, address);
  address = append(address, text.length, "!".charCodeAt(0)) >>> 0; // addresses above 2^31 arrive signed

  for (let word = countWords(address, text.length + 1) >>> 0; word !== 0; ) {
    const [next, count, length] = pool.u32.subarray(word / 4, word / 4 + 3);
    const letters = pool.u8.slice(word + 12, word + 12 + length); // a TextDecoder takes no shared memory
    console.log(`${new TextDecoder().decode(letters)} ${count}`);
    pool.deallocate(word); // allocated in C, freed here
    word = next;
  }
  pool.deallocate(address); // allocated here, reallocated in C

  const again = pool.allocate(8);
  pool.deallocate(again);
  try {
    append(again, 8, 0);
  } catch (error) {
    console.log(`a freed address in C: ${error.code}`);
  }
  console.log(`${pool.stats().liveObjects} objects left, ${pool.check().length} violations`);
  pool.destroy();
}

/** The module, or undefined where there is no compiler for it. */
function compile(source) {
  const folder = mkdtempSync(join(tmpdir(), "offheap-example-"));
  const out = join(folder, "word-count.wasm");
  const linker = "--no-entry,--allow-undefined,--import-memory,--shared-memory,--max-memory=4294967296";
  const machine = ["--target=wasm32", "-nostdlib", "-matomics", "-mbulk-memory"];
  const place = "--global-base=1024,-z,stack-size=65536";
  const { status, stderr } = spawnSync(
    "clang",
    ["-O2", ...machine, `-Wl,${linker},${place}`, "-o", out, source],
    { encoding: "utf8" },
  );
  if (status === 1 && !/wasm-ld/.test(stderr)) throw new Error(stderr);
  const module = status === 0 ? readFileSync(out) : undefined;
  rmSync(folder, { recursive: true });
  return module;
}
