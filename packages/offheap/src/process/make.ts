// How a file comes to be: one process makes it, the others wait. Who that is, the lock of byte 0 says, which the kernel gives up if
// its process dies; then the next one begins anew.
//
//   header "formatting" → space set aside → heap → header "ready"

import { AllocatorError, show } from "../base/index.ts";
import { formatLock } from "../layout/index.ts";
import { type MemorySource, sleepAt } from "../memory/index.ts";
import {
  type FileHeader,
  headerBytes,
  headerWordsIn,
  markReady,
  newFileHeader,
  readFileHeader,
} from "./header.ts";
import { letGo, mapFile } from "./mapping.ts";
import type { Plan } from "./options.ts";
import { granted, refused, wrongPath } from "./refusals.ts";

/** What a file is made of, if it is not there. */
export interface Making extends FileHeader {
  /** Writes the heap into a memory that is zero. */
  format(memory: MemorySource): void;
}

/** An open file. */
export interface FoundFile {
  readonly descriptor: number;
  /** Whether it was not there before, so that this call may have made it. */
  readonly isOurs: boolean;
  /** Whether the path leads to it still. */
  isAtPath(): boolean;
}

/** A file that was made to its end, and its memory where this process has made it. */
export interface MadeFile extends FileHeader {
  readonly memory: MemorySource | undefined;
}

const [firstPause, lastPause] = [0.5, 16];
const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * Makes the file, or waits for who is at it; undefined when the path leads to another file now.
 * @throws ERR_INVALID_OPTION without `making`; ERR_HEAP_BUSY when the time is over; ERR_OUT_OF_MEMORY
 */
export function makeOrWait(plan: Plan, file: FoundFile, making: Making | undefined): MadeFile | undefined {
  const { calls, path } = plan;
  const { descriptor, isAtPath } = file;
  const end = Date.now() + plan.timeout;
  for (let pause = firstPause; ; pause = Math.min(pause * 2, lastPause)) {
    const header = headerOf(plan, descriptor);
    if (header !== undefined) return { ...header, memory: undefined };
    if (!isAtPath()) return undefined;
    if (making === undefined)
      throw wrongPath(path, "there is no heap in it yet: how large one is to be made must be said");
    if (calls.lock(descriptor, formatLock)) {
      const made = make(plan, file, making);
      calls.unlock(descriptor, formatLock);
      return made;
    }
    if (Date.now() >= end)
      throw new AllocatorError(
        "ERR_HEAP_BUSY",
        `another process has been making the heap's file ${show(path)} for ${plan.timeout} ms`,
      );
    sleepAt(nap, 0, 0, pause);
  }
}

function headerOf({ calls, path }: Plan, descriptor: number): FileHeader | undefined {
  return readFileHeader(calls, path, descriptor);
}

function make(plan: Plan, file: FoundFile, making: Making): MadeFile {
  const { calls, path } = plan;
  const { descriptor } = file;
  // Somebody may have come to its end between the look and the lock.
  const header = headerOf(plan, descriptor);
  if (header !== undefined) return { ...header, memory: undefined };
  granted(path, calls.cut(descriptor, 0));
  const memory = mapFile(plan, descriptor, making.bytes, () => undo(plan, file));
  const refusal =
    calls.write(descriptor, newFileHeader(making)) ?? calls.reserve(descriptor, headerBytes + making.bytes);
  if (refusal !== undefined) {
    undo(plan, file);
    letGo(calls, memory);
    throw refused(path, refusal);
  }
  making.format(memory);
  markReady(headerWordsIn(memory));
  const { bytes, kind, live } = making;
  return { bytes, kind, live, memory };
}

/** Nothing was made after all. Whoever waits finds the file empty, or gone. */
function undo({ calls, path }: Plan, { descriptor, isOurs, isAtPath }: FoundFile): void {
  calls.cut(descriptor, 0);
  if (isOurs && isAtPath()) calls.remove(path);
}
