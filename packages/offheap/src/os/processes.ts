// Linux: files that several processes map. Locks are those of an open file description (F_OFD_SETLK): the kernel gives them up
// when its last descriptor is closed, so at the end of the process, however it ends. Descriptors close at exec.

import { messageOf, type OsProcesses, type OsRefusal, type ProcessCalls } from "../base/index.ts";
import { type FileSystem, fileCalls } from "./files.ts";
import { identity } from "./identity.ts";
import { builtin, host, type Native } from "./native.ts";

const [readable, writable] = [1, 2];
const [mapShared, mapPrivate, mapFixed, mapAnonymous] = [1, 2, 16, 32];
const [getLock, setLock] = [36, 37];
const [writeLock, noLock] = [1, 2];
const [futexWait, futexWake] = [0, 1];
const closeAtExec = 1;
/** The number of futex(2), by the processor. */
const futexCalls: Readonly<Record<string, number>> = { x64: 202, arm64: 98, riscv64: 98 };
const interrupted = 4;
const errorNames: Readonly<Record<number, string>> = {
  5: "EIO",
  12: "ENOMEM",
  19: "ENODEV",
  22: "EINVAL",
  27: "EFBIG",
  28: "ENOSPC",
  95: "EOPNOTSUPP",
  122: "EDQUOT",
};

/** `struct flock` of 64-bit Linux: short type, short whence, long start, long length, int process. */
function lockRecord() {
  const buffer = new ArrayBuffer(32);
  return { buffer, kind: new Int16Array(buffer), range: new BigInt64Array(buffer) };
}

function lockCalls(native: Native): Pick<ProcessCalls, "lock" | "unlock" | "isLocked"> {
  const fcntl = native.bind("fcntl", ["int", "int", "pointer"]);
  const { buffer, kind, range } = lockRecord();
  const ask = (descriptor: number, command: number, wanted: number, byte: number): number => {
    kind.fill(0);
    kind[0] = wanted;
    range[1] = BigInt(byte);
    range[2] = 1n;
    range[3] = 0n;
    return fcntl(descriptor, command, native.addressOf(buffer));
  };
  return {
    lock: (descriptor, byte) => ask(descriptor, setLock, writeLock, byte) === 0,
    unlock: (descriptor, byte) => {
      ask(descriptor, setLock, noLock, byte);
    },
    isLocked: (descriptor, byte) => ask(descriptor, getLock, writeLock, byte) !== 0 || kind[0] !== noLock,
  };
}

function mapCalls(native: Native): Pick<ProcessCalls, "map" | "unmap"> {
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

function sleepCalls(native: Native, futexNumber: number): Pick<ProcessCalls, "sleep" | "wake" | "giveWay"> {
  const giveWay = native.bind("sched_yield", []);
  const syscall = native.bind("syscall", ["size", "pointer", "int", "int", "pointer", "pointer", "int"]);
  const time = new BigInt64Array(new ArrayBuffer(16));
  const number = BigInt(futexNumber);
  const at = (buffer: ArrayBufferLike, offset: number) => native.addressOf(buffer) + BigInt(offset);
  return {
    sleep: (buffer, offset, value, milliseconds) => {
      const whole = Math.floor(milliseconds / 1000);
      time[0] = BigInt(whole);
      time[1] = BigInt(Math.floor((milliseconds - whole * 1000) * 1e6));
      syscall(number, at(buffer, offset), futexWait, value, native.addressOf(time.buffer), 0n, 0);
    },
    wake: (buffer, offset) => {
      syscall(number, at(buffer, offset), futexWake, 2 ** 31 - 1, 0n, 0n, 0);
    },
    giveWay: () => {
      giveWay();
    },
  };
}

function reserveCall(native: Native): (descriptor: number, bytes: number) => OsRefusal | undefined {
  const allocate = native.bind("posix_fallocate", ["int", "size", "size"]);
  return (descriptor, bytes) => {
    let error = allocate(descriptor, 0n, BigInt(bytes));
    while (error === interrupted) error = allocate(descriptor, 0n, BigInt(bytes));
    if (error === 0) return undefined;
    const code = errorNames[error] ?? `error ${error}`;
    return { code, message: `posix_fallocate of ${bytes} bytes: ${code}` };
  };
}

/** Lays a file in memory over a memory of WebAssembly, and looks whether each shows the other's bytes. */
function tryOut(native: Native, calls: ProcessCalls): string | undefined {
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly?: WasmNamespace };
  if (wasm === undefined) return "there is no WebAssembly, over whose memory a file could be laid";
  const create = native.bind("memfd_create", ["pointer", "int"]);
  const name = new Uint8Array(new ArrayBuffer(16));
  name.set([111, 102, 102, 104, 101, 97, 112]);
  const descriptor = create(native.addressOf(name.buffer), closeAtExec);
  if (descriptor < 0) return "no file could be made in memory for a trial";
  const found = tryWith(calls, new wasm.Memory({ initial: 1, maximum: 1, shared: true }), descriptor);
  calls.close(descriptor);
  return found;
}

interface WasmNamespace {
  readonly Memory: new (descriptor: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => { readonly buffer: ArrayBufferLike };
}

function tryWith(
  calls: ProcessCalls,
  { buffer }: { readonly buffer: ArrayBufferLike },
  descriptor: number,
): string | undefined {
  const [bytes, seen] = [new Uint8Array(buffer), new Uint8Array(2)];
  if (calls.reserve(descriptor, buffer.byteLength) !== undefined)
    return "space for a file in memory was refused";
  if (!calls.map(buffer, 0, buffer.byteLength, descriptor))
    return "mmap over a WebAssembly.Memory was refused in a trial";
  bytes.set([7, 5]);
  if (typeof calls.read(descriptor, seen) !== "number")
    return "the host's node:fs has descriptors of its own, which the kernel does not know";
  calls.write(descriptor, new Uint8Array([9]));
  const isShown = seen[0] === 7 && seen[1] === 5 && bytes[0] === 9;
  if (!isShown) return "a file laid over a WebAssembly.Memory did not show its bytes in a trial";
  return calls.lock(descriptor, 1) && !calls.isLocked(descriptor, 1)
    ? undefined
    : "locks of an open file description were refused in a trial";
}

/** Files that processes share, or why not: whatever is missing for them leaves the other abilities as they are. */
export function linuxProcesses(native: Native): OsProcesses {
  try {
    return processesBy(native);
  } catch (error) {
    return { available: false, reason: messageOf(error) };
  }
}

function processesBy(native: Native): OsProcesses {
  const fs = builtin<FileSystem>("node:fs");
  const futexNumber = futexCalls[host.arch ?? ""];
  const refused = (reason: string): OsProcesses => ({ available: false, reason });
  if (fs === undefined) return refused("there is no node:fs");
  if (futexNumber === undefined) return refused(`the calls on ${host.arch} are not known`);
  const calls: ProcessCalls = {
    self: identity(fs),
    ...fileCalls(fs),
    reserve: reserveCall(native),
    ...mapCalls(native),
    ...lockCalls(native),
    ...sleepCalls(native, futexNumber),
  };
  const why = tryOut(native, calls);
  if (why !== undefined) return refused(`${why} (through ${native.via})`);
  return { available: true, reason: `mmap, F_OFD_SETLK and futex through ${native.via}`, calls };
}
