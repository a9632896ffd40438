// Whether a host's `exit` and its Web Locks prove that a thread has ended: counts the threads that still write to shared
// memory afterwards. Prints a line of JSON.
//
//   node scripts/hosts/thread-ends.mjs 60        deno run -A …        bun …

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const locks = globalThis.navigator?.locks;
if (isMainThread) await measure(Number(process.argv[2] ?? 60));
else work();

async function measure(count) {
  const found = { exits: 0, ranOnAfterExit: 0, locks: 0, grantedInTime: 0, ranOnAfterLock: 0 };
  for (let i = 0; i < count; i++) {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const name = `thread-ends ${i}`;
    const worker = new Worker(new URL(import.meta.url), { workerData: { cell, name } });
    await new Promise((resolve) => worker.once("message", resolve));
    // One of the two at a time: looking takes a while.
    const looksAtLock = locks !== undefined && i % 2 === 1;
    found[looksAtLock ? "locks" : "exits"]++;
    const exit = new Promise((resolve) => {
      worker.once("exit", () => {
        if (!looksAtLock && runsOn(cell)) found.ranOnAfterExit++;
        resolve();
      });
    });
    let isInTime = true;
    const granted = locks?.request(name, () => {
      if (!looksAtLock) return;
      if (isInTime) found.grantedInTime++;
      if (runsOn(cell)) found.ranOnAfterLock++;
    });
    await rest(5 + (i % 7));
    worker.terminate();
    await exit;
    await Promise.race([granted, rest(500)]);
    isInTime = false;
  }
  console.log(JSON.stringify(found));
  process.exit(0);
}

/** Whether another thread writes to the cell within 20 ms. */
function runsOn(cell) {
  const before = Atomics.load(cell, 0);
  for (const end = performance.now() + 20; performance.now() < end; );
  return Atomics.load(cell, 0) !== before;
}

function rest(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function work() {
  const { cell, name } = workerData;
  const go = () => {
    parentPort.postMessage("going");
    setTimeout(() => {
      for (;;) Atomics.add(cell, 0, 1);
    }, 0);
    return new Promise(() => undefined);
  };
  if (locks === undefined) go();
  else locks.request(name, go);
}
