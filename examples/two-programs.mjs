// A producer and a consumer: two programs that know nothing of each other but the path of a file. Whoever comes first makes it.
//
//   node examples/two-programs.mjs consume /dev/shm/numbers.heap      in one shell
//   node examples/two-programs.mjs produce /dev/shm/numbers.heap      in another, before or after
//   node examples/two-programs.mjs                                    starts both

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadOs } from "offheap/os";
import { closeHeap, openHeap, removeHeap } from "offheap/process";
import { Ring } from "offheap/ring";

const [messages, numbersEach] = [10_000, 100];

const open = (path) => openHeap(path, { capacity: 16 * 2 ** 20 });

/** Makes the ring, receives until it is closed, and adds up. */
async function consume(path) {
  const heap = open(path);
  const ring = new Ring(heap, { capacity: 256 });
  heap.roots.set("numbers", ring.handle);
  let [count, sum] = [0, 0];
  for await (const { address, length } of ring) {
    for (let at = address / 8; at < (address + length) / 8; at++) sum += heap.f64[at];
    heap.deallocate(address); // What has come is the receiver's.
    count++;
  }
  console.log(`consumer ${process.pid}: ${count} messages, the sum is ${sum}`);
  ring.destroy();
  heap.roots.delete("numbers");
  heap.cleanup();
  console.log(`consumer: ${heap.stats().liveObjects} objects left, ${heap.check().length} violations`);
  closeHeap(heap);
}

/** Waits for the ring, and sends objects that the consumer reads where they are. */
async function produce(path) {
  const heap = open(path);
  while (heap.roots.get("numbers") === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  const ring = Ring.attach(heap, heap.roots.get("numbers"));
  for (let i = 0; i < messages; i++) {
    const address = heap.allocate(numbersEach * 8);
    for (let j = 0; j < numbersEach; j++) heap.f64[address / 8 + j] = i;
    while (!ring.send(address, numbersEach * 8)) await ring.space();
  }
  console.log(`producer ${process.pid}: ${messages} messages sent`);
  // The consumer destroys the ring when it has found it closed and empty: that is the last word.
  ring.close();
  closeHeap(heap);
}

async function startBoth() {
  const path = join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), `offheap-numbers-${process.pid}`);
  const ends = ["consume", "produce"].map((role) => {
    const program = spawn(process.execPath, [fileURLToPath(import.meta.url), role, path], {
      stdio: "inherit",
    });
    return new Promise((resolve) => program.once("exit", resolve));
  });
  const codes = await Promise.all(ends);
  removeHeap(path);
  console.log(`both have ended: ${codes}`);
}

const [role, path] = process.argv.slice(2);
const { available, reason } = loadOs().processes;
if (!available) console.log(`left out: ${reason}`);
else if (role === "consume") await consume(path);
else if (role === "produce") await produce(path);
else await startBoth();
