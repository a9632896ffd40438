// One worker thread that turns an object's text from letters of one byte to letters of two, and back, until it is
// told to end.

import { parentPort, workerData } from "node:worker_threads";

const { shared, address, bytes } = workerData as {
  shared: SharedArrayBuffer;
  address: number;
  bytes: number;
};
const object = new Uint8Array(shared, address, bytes);
const accented = Buffer.from("é".repeat(bytes >> 1));
let isEnding = false;
parentPort?.on("message", () => {
  isEnding = true;
});

function turn(): void {
  for (let times = 0; times < 50; times++) {
    object.fill(0x41);
    object.set(accented);
  }
  if (isEnding) process.exit(0);
  setImmediate(turn);
}

parentPort?.postMessage("begun");
turn();
