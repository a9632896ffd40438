/** What the kernel says of the thread that asks. Zeros where there is no /proc. */
import { existsSync, readFileSync } from "node:fs";

const PATH = "/proc/thread-self/schedstat";
const isThere = existsSync(PATH);

/** Nanoseconds on a processor, and those in which the thread waited for one. */
export function threadTime(): readonly [ranNs: number, waitedNs: number] {
  if (!isThere) return [0, 0];
  const [ran = 0, waited = 0] = readFileSync(PATH, "latin1").split(" ").map(Number);
  return [ran, waited];
}
