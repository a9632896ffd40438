// A file is opened: found or made, mapped, and entered by this process.

import { AllocatorError, show } from "../base/index.ts";
import { type Heap, type MemorySource, OwnPage } from "../memory/index.ts";
import { markEarlier } from "../worker/index.ts";
import { assertUsable, type FileHeader, type FileKind, headerWordsIn } from "./header.ts";
import { type FoundFile, type Making, makeOrWait } from "./make.ts";
import { letGo, mapFile } from "./mapping.ts";
import type { Plan } from "./options.ts";
import { granted, refusalOf, wrongPath } from "./refusals.ts";
import { type FileEnd, freeEntry, isOpenTwice, lastEnd, takeNumber, writeEntry } from "./table.ts";

/** How a file is to be, and how a heap is found in it. */
export interface Wanted {
  readonly making: Making | undefined;
  /** @throws ERR_INCOMPATIBLE_HEAP for a file of something else */
  expect(header: FileHeader): void;
  /** The heap in a memory, as nobody has joined it yet; undefined where there is none. */
  heapIn(memory: MemorySource): Heap | undefined;
}

export interface OpenedFile {
  readonly memory: MemorySource;
  readonly kind: FileKind;
  /** How it was left by those who had it open before. */
  readonly was: FileEnd;
  /** What `heapIn` has found in it. */
  readonly heap: Heap | undefined;
}

interface Mapped {
  readonly memory: MemorySource;
  readonly descriptor: number;
  /** Whether this call has made the file. */
  readonly isNew: boolean;
}

/** The file may be removed while it is being opened, and the path lead to another: then that is. */
const mostTries = 100;

/** @throws as `openHeap` */
export function openFile(plan: Plan, wanted: Wanted): OpenedFile {
  for (let tries = 0; tries < mostTries; tries++) {
    const opened = tryToOpen(plan, wanted);
    if (opened !== undefined) return opened;
  }
  throw new AllocatorError("ERR_HEAP_BUSY", `the heap's file ${show(plan.path)} is removed again and again`);
}

function tryToOpen(plan: Plan, wanted: Wanted): OpenedFile | undefined {
  const { calls } = plan;
  const [descriptor, isOurs] = descriptorOf(plan, wanted.making !== undefined);
  const isAtPath = () => isAt(plan, descriptor);
  try {
    return openIn(plan, wanted, { descriptor, isOurs, isAtPath });
  } finally {
    // Of this thread alone: what stays open is what was kept.
    calls.close(descriptor);
  }
}

/** A descriptor, and whether this call may have made the file. */
function descriptorOf({ calls, path }: Plan, mayMake: boolean): [descriptor: number, isOurs: boolean] {
  const found = calls.open(path, false);
  if (refusalOf(found)?.code !== "ENOENT") return [granted(path, found), false];
  if (!mayMake) throw wrongPath(path, "it is not there: how large one is to be made must be said");
  return [granted(path, calls.open(path, true)), true];
}

/** Whether the path still leads to the open file. */
function isAt({ calls, path }: Plan, descriptor: number): boolean {
  const [open, named] = [calls.facts(descriptor), calls.factsOf(path)];
  if ("code" in open || "code" in named) return false;
  return open.device === named.device && open.inode === named.inode;
}

function openIn(plan: Plan, wanted: Wanted, file: FoundFile): OpenedFile | undefined {
  const { calls, path } = plan;
  const { descriptor } = file;
  assertUsable(path, granted(path, calls.facts(descriptor)), calls.self.user);
  const made = makeOrWait(plan, file, wanted.making);
  if (made === undefined) return undefined;
  wanted.expect(made);
  const memory = made.memory ?? mapFile(plan, descriptor, made.bytes);
  try {
    // Removed meanwhile: whoever opens the path makes another, and this one would have nobody to share it.
    if (!file.isAtPath()) {
      letGo(calls, memory);
      return undefined;
    }
    const isNew = made.memory !== undefined;
    return { memory, kind: made.kind, ...enterKept(plan, wanted, { memory, descriptor, isNew }) };
  } catch (error) {
    letGo(calls, memory);
    throw error;
  }
}

/** Enters with a descriptor that every thread of the process can use, and none takes with it. @throws as `enter` */
function enterKept(plan: Plan, wanted: Wanted, mapped: Mapped): Pick<OpenedFile, "was" | "heap"> {
  const { calls, path } = plan;
  const descriptor = granted(path, calls.keep(mapped.descriptor));
  try {
    return enter(plan, wanted, { ...mapped, descriptor });
  } catch (error) {
    calls.drop(descriptor);
    throw error;
  }
}

/** From now on this process is in the table. @throws ERR_HEAP_BUSY if it is there already; ERR_TOO_MANY_WORKERS */
function enter(
  { calls, path }: Plan,
  wanted: Wanted,
  { memory, descriptor, isNew }: Mapped,
): Pick<OpenedFile, "was" | "heap"> {
  const process = takeNumber(calls, path, descriptor);
  const words = headerWordsIn(memory);
  const was = isNew ? "new" : lastEnd(calls, words, descriptor, process);
  OwnPage.make(memory, process, descriptor);
  const heap = wanted.heapIn(memory);
  if (heap !== undefined) markEarlier(heap, process);
  writeEntry(words, process, calls.self);
  if (isOpenTwice(calls, words, descriptor, process)) {
    freeEntry(words, process);
    throw openTwice(path);
  }
  return { was, heap };
}

function openTwice(path: string): AllocatorError {
  const why = "this process has it open already: its threads join by the handle of the heap, or its memory";
  return new AllocatorError("ERR_HEAP_BUSY", `the heap's file ${show(path)}: ${why}`);
}
