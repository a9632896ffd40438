// Files that several processes map, by the calls that Linux and macOS share; a `Platform` says in which they differ. Locks are those
// of an open file description (F_OFD_SETLK): the kernel gives them up when its last descriptor is closed, so at the end of the
// process, however it ends. Descriptors close at exec.

import { messageOf, type OsProcesses, type OsRefusal, type ProcessCalls } from "../base/index.ts";
import { type FileSystem, fileCalls } from "./files.ts";
import { builtin, type Native, type NativeCall } from "./native.ts";
import { type TrialFile, tryOut } from "./trial.ts";

/** What the system's headers say, where they differ. */
export interface Numbers {
  /** O_CLOEXEC, MAP_ANONYMOUS, F_DUPFD_CLOEXEC. */
  readonly closeAtExec: number;
  readonly mapAnonymous: number;
  readonly duplicate: number;
  /** F_OFD_SETLK, F_OFD_GETLK, F_WRLCK, F_UNLCK. */
  readonly setLock: number;
  readonly getLock: number;
  readonly writeLock: number;
  readonly noLock: number;
  /** `struct flock`, in bytes: two off_t, a pid_t, and two shorts; the second short, `l_whence`, stays 0. */
  readonly lockRecord: {
    readonly bytes: number;
    readonly start: number;
    readonly length: number;
    readonly kind: number;
  };
}

/** fcntl with a pointer, or an int, as its third argument. */
export type Fcntl = (descriptor: number, command: number, argument: bigint) => number;

/** What differs between the systems. */
export interface Platform {
  readonly numbers: Numbers;
  /** What is called, for the reason. */
  readonly by: string;
  readonly fcntl: Fcntl;
  readonly calls: Pick<ProcessCalls, "self" | "reserve" | "sleep" | "wake">;
  /** A file of its own, for a trial. @throws what the system refuses */
  trialFile(): TrialFile;
}

const [readable, writable] = [1, 2];
const [mapShared, mapPrivate, mapFixed] = [1, 2, 16];
const leastKept = 3n;

export function lockCalls(
  native: Native,
  fcntl: Fcntl,
  { lockRecord, setLock, getLock, writeLock, noLock }: Numbers,
): Pick<ProcessCalls, "lock" | "unlock" | "isLocked"> {
  const buffer = new ArrayBuffer(lockRecord.bytes);
  const [bytes, record] = [new Uint8Array(buffer), new DataView(buffer)];
  // Of the machine's order of bytes: it is one of both systems' processors.
  const kind = () => record.getInt16(lockRecord.kind, true);
  const ask = (descriptor: number, command: number, wanted: number, byte: number): number => {
    bytes.fill(0);
    record.setInt16(lockRecord.kind, wanted, true);
    record.setBigInt64(lockRecord.start, BigInt(byte), true);
    record.setBigInt64(lockRecord.length, 1n, true);
    return fcntl(descriptor, command, native.addressOf(buffer));
  };
  return {
    lock: (descriptor, byte) => ask(descriptor, setLock, writeLock, byte) === 0,
    unlock: (descriptor, byte) => {
      ask(descriptor, setLock, noLock, byte);
    },
    isLocked: (descriptor, byte) => ask(descriptor, getLock, writeLock, byte) !== 0 || kind() !== noLock,
  };
}

/** A descriptor is duplicated past the host, which closes its own when the thread ends that it was opened in. */
function keepCalls(native: Native, fcntl: Fcntl, duplicate: number): Pick<ProcessCalls, "keep" | "drop"> {
  const close = native.bind("close", ["int"]);
  const refusal: OsRefusal = { code: "", message: "its descriptor could not be duplicated" };
  return {
    keep: (descriptor) => {
      const kept = fcntl(descriptor, duplicate, leastKept);
      return kept < 0 ? refusal : kept;
    },
    drop: (kept) => {
      close(kept);
    },
  };
}

function mapCalls(native: Native, mapAnonymous: number): Pick<ProcessCalls, "map" | "unmap"> {
  const mmap = native.bind("mmap", ["pointer", "size", "int", "int", "int", "size"]);
  const lay = (buffer: ArrayBufferLike, offset: number, bytes: number, flags: number, descriptor: number) =>
    mmap(
      native.addressOf(buffer) + BigInt(offset),
      BigInt(bytes),
      readable | writable,
      flags | mapFixed,
      descriptor,
      0n,
    ) !== -1;
  return {
    map: (buffer, offset, bytes, descriptor) => lay(buffer, offset, bytes, mapShared, descriptor),
    unmap: (buffer, offset, bytes) => lay(buffer, offset, bytes, mapPrivate | mapAnonymous, -1),
  };
}

function giveWayCall(native: Native): () => void {
  const giveWay: NativeCall = native.bind("sched_yield", []);
  return () => {
    giveWay();
  };
}

/**
 * Files that processes share, or why not: whatever is missing for them leaves the other abilities as they are.
 * @param platformOf the system's own, or why there is none
 */
export function processesBy(
  native: Native,
  platformOf: (native: Native, fs: FileSystem) => Platform | string,
): OsProcesses {
  const fs = builtin<FileSystem>("node:fs");
  if (fs === undefined) return { available: false, reason: "there is no node:fs" };
  try {
    const platform = platformOf(native, fs);
    if (typeof platform === "string") return { available: false, reason: platform };
    const calls = callsOf(native, fs, platform);
    const why = tryOut(native, calls, platform.trialFile());
    if (why !== undefined) return { available: false, reason: `${why} (through ${native.via})` };
    return { available: true, reason: `${platform.by} through ${native.via}`, calls };
  } catch (error) {
    return { available: false, reason: messageOf(error) };
  }
}

function callsOf(native: Native, fs: FileSystem, { numbers, fcntl, calls }: Platform): ProcessCalls {
  return {
    ...calls,
    ...fileCalls(fs, numbers.closeAtExec),
    ...keepCalls(native, fcntl, numbers.duplicate),
    ...mapCalls(native, numbers.mapAnonymous),
    ...lockCalls(native, fcntl, numbers),
    giveWay: giveWayCall(native),
  };
}
