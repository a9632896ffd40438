// The table of the processes that have a heap's file open. An entry stands for a process while that holds the lock of its number;
// it is written by who holds the lock, and freed by whoever closes the file in order.

import { AllocatorError, type ProcessCalls, type ProcessIdentity, show } from "../base/index.ts";
import { entryStatus, fileHeader, processCount, processEntry, processEntryAt } from "../layout/index.ts";
import { hardwareAccess } from "../memory/index.ts";

const { atomics } = hardwareAccess;

/** How a file was left by those who had it open before. */
export type FileEnd = "new" | "in use" | "closed" | "killed" | "crashed";

/** Takes the lock of the first number that nobody holds. @throws ERR_TOO_MANY_WORKERS */
export function takeNumber(calls: ProcessCalls, path: string, descriptor: number): number {
  for (let process = 1; process <= processCount; process++)
    if (calls.lock(descriptor, process)) return process;
  const all = `${processCount} processes have the heap's file ${show(path)} open: that is as many as there can be`;
  throw new AllocatorError("ERR_TOO_MANY_WORKERS", all);
}

/** Whether some other process has the file open, and else how the last one left it. */
export function lastEnd(
  calls: ProcessCalls,
  words: Int32Array,
  descriptor: number,
  own: number,
): Exclude<FileEnd, "new"> {
  let end: "closed" | "killed" = "closed";
  for (let process = 1; process <= processCount; process++) {
    if (process !== own && calls.isLocked(descriptor, process)) return "in use";
    if (isOpen(words, process)) end = "killed";
  }
  // Then the machine went down with it: what the kernel had in memory may not have come to the disk.
  const isOtherBoot = words[fileHeader.boot] !== calls.self.boot;
  return end === "killed" && isOtherBoot ? "crashed" : end;
}

/** Writes the entry of this process. */
export function writeEntry(words: Int32Array, process: number, self: ProcessIdentity): void {
  const at = processEntryAt(process);
  const now = Date.now();
  words[at + processEntry.pid] = self.pid;
  words[at + processEntry.started] = self.started;
  words[at + processEntry.namespace] = self.namespace;
  words[at + processEntry.since] = (now % 2 ** 32) | 0;
  words[at + processEntry.since + 1] = Math.floor(now / 2 ** 32);
  atomics.store(words, at + processEntry.status, entryStatus.open);
  words[fileHeader.boot] = self.boot;
}

export function freeEntry(words: Int32Array, process: number): void {
  atomics.store(words, processEntryAt(process) + processEntry.status, entryStatus.free);
}

/** Whether this very process has the file open under another number. */
export function isOpenTwice(
  calls: ProcessCalls,
  words: Int32Array,
  descriptor: number,
  own: number,
): boolean {
  const { pid, started, namespace } = calls.self;
  for (let process = 1; process <= processCount; process++) {
    if (process === own || !isOpen(words, process)) continue;
    const at = processEntryAt(process);
    const isSame =
      words[at + processEntry.pid] === pid &&
      words[at + processEntry.started] === started &&
      words[at + processEntry.namespace] === namespace;
    if (isSame && calls.isLocked(descriptor, process)) return true;
  }
  return false;
}

function isOpen(words: Int32Array, process: number): boolean {
  return atomics.load(words, processEntryAt(process) + processEntry.status) === entryStatus.open;
}
