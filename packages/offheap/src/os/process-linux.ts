// Linux: what its files and its sleepers have that macOS's have not.

import type { ProcessCalls, ProcessIdentity } from "../base/index.ts";
import type { FileSystem } from "./files.ts";
import { hashOf, identityOf } from "./identity.ts";
import { host, type Native } from "./native.ts";
import type { Numbers, Platform } from "./processes.ts";
import type { TrialFile } from "./trial.ts";

/** Of 64-bit Linux; `struct flock`: short type, short whence, long start, long length, int process. */
export const linuxNumbers: Numbers = {
  closeAtExec: 0o2000000,
  mapAnonymous: 32,
  duplicate: 1030,
  setLock: 37,
  getLock: 36,
  writeLock: 1,
  noLock: 2,
  lockRecord: { bytes: 32, start: 8, length: 16, kind: 0 },
};

const [futexWait, futexWake] = [0, 1];
/** MFD_CLOEXEC. */
const memoryCloseAtExec = 1;
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

function sleepCalls(native: Native, futexNumber: number): Pick<ProcessCalls, "sleep" | "wake"> {
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
  };
}

function reserveCall(native: Native): ProcessCalls["reserve"] {
  const allocate = native.bind("posix_fallocate", ["int", "size", "size"]);
  return (descriptor, bytes) => {
    let error = allocate(descriptor, 0n, BigInt(bytes));
    while (error === interrupted) error = allocate(descriptor, 0n, BigInt(bytes));
    if (error === 0) return undefined;
    const code = errorNames[error] ?? `error ${error}`;
    return { code, message: `posix_fallocate of ${bytes} bytes: ${code}` };
  };
}

function identity(fs: FileSystem): ProcessIdentity {
  const textFrom = (read: () => string): string => {
    try {
      return read();
    } catch {
      return "";
    }
  };
  const stat = textFrom(() => fs.readFileSync("/proc/self/stat", "utf8"));
  // The name in brackets may hold anything; the 20th field behind it is the start, in ticks since the machine's.
  return identityOf({
    started: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0") || 0,
    namespace: hashOf(textFrom(() => fs.readlinkSync("/proc/self/ns/pid"))),
    boot: hashOf(textFrom(() => fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))),
  });
}

/** A file in memory. The host opens it by what leads to it: some hosts know only what they have opened. */
function trialFile(native: Native, fs: FileSystem): TrialFile {
  const create = native.bind("memfd_create", ["pointer", "int"]);
  const close = native.bind("close", ["int"]);
  const name = new Uint8Array(new ArrayBuffer(16));
  name.set([111, 102, 102, 104, 101, 97, 112]);
  const descriptor = create(native.addressOf(name.buffer), memoryCloseAtExec);
  if (descriptor < 0) throw new Error("no file could be made in memory for a trial");
  const flags = (fs.constants["O_RDWR"] ?? 0) | linuxNumbers.closeAtExec;
  return {
    open: () => fs.openSync(`/proc/self/fd/${descriptor}`, flags, 0),
    end: () => {
      close(descriptor);
    },
  };
}

export function linuxPlatform(native: Native, fs: FileSystem): Platform | string {
  const futexNumber = futexCalls[host.arch ?? ""];
  if (futexNumber === undefined) return `the calls on ${host.arch} are not known`;
  const fcntl = native.bind("fcntl", ["int", "int", "pointer"]);
  return {
    numbers: linuxNumbers,
    by: "mmap, F_OFD_SETLK and futex",
    fcntl,
    calls: { self: identity(fs), reserve: reserveCall(native), ...sleepCalls(native, futexNumber) },
    trialFile: () => trialFile(native, fs),
  };
}
