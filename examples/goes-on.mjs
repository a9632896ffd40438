// A program that is killed (kill -9) and goes on where it was: its heap is in a file. It counts the primes in blocks of numbers,
// and writes each block's count into an object that has a name. Started again it finds the object, and the first block to do.
//
//   node examples/goes-on.mjs            starts the program below again and again, and kills it until it is done
//   node examples/goes-on.mjs FILE       the program

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadOs } from "offheap/os";
import { closeHeap, fileOf, openHeap, removeHeap } from "offheap/process";

const [blocks, blockNumbers] = [64, 20_000];

function primesIn(block) {
  let count = 0;
  for (let n = block * blockNumbers; n < (block + 1) * blockNumbers; n++) {
    let isPrime = n >= 2;
    for (let factor = 2; isPrime && factor * factor <= n; factor++) isPrime = n % factor !== 0;
    if (isPrime) count++;
  }
  return count;
}

/** The object with the counts: a word for each block, 0 until it is done, then its count + 1. */
function findCounts(heap) {
  const found = heap.roots.get("primes");
  if (found !== undefined) return found.address / 4;
  const address = heap.allocate(blocks * 4, { zeroed: true });
  heap.roots.set("primes", { kind: "counts", address }); // From now on it is nobody's, and stays.
  return address / 4;
}

function program(path) {
  const heap = openHeap(path, { capacity: 2 ** 20 });
  const at = findCounts(heap);
  const counts = heap.u32.subarray(at, at + blocks);
  let block = counts.indexOf(0);
  console.log(`the file was ${fileOf(heap).was}; from block ${block === -1 ? blocks : block} on`);
  // Killed in the midst of a block it begins that one again.
  for (; block !== -1 && block < blocks; block++) Atomics.store(counts, block, primesIn(block) + 1);
  console.log(`${counts.reduce((sum, count) => sum + count - 1, 0)} primes below ${blocks * blockNumbers}`);
  closeHeap(heap);
}

async function killUntilDone() {
  const path = join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), `offheap-primes-${process.pid}`);
  let kills = 0;
  for (let isDone = false; !isDone; ) {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout.on("data", (words) => process.stdout.write(words));
    // From its first words on, and then some blocks later.
    child.stdout.once("data", () => kills < 3 && setTimeout(() => child.kill("SIGKILL"), 100));
    const signal = await new Promise((resolve) => child.once("close", (_, signal) => resolve(signal)));
    isDone = signal === null;
    if (!isDone) kills++;
  }
  removeHeap(path);
  console.log(`killed ${kills} times`);
}

const { available, reason } = loadOs().processes;
if (!available) console.log(`left out: ${reason}`);
else if (process.argv[2] === undefined) await killUntilDone();
else program(process.argv[2]);
