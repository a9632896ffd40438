// macOS: what its files have that Linux's have not. Written after the headers of XNU, and not tested on macOS. There is no futex that
// programs may use on all versions: who waits for another process looks again and again.

import type { ProcessCalls, ProcessIdentity } from "../base/index.ts";
import { type FileSystem, fileCalls, newMode } from "./files.ts";
import { hashOf, identityOf } from "./identity.ts";
import { host, type Native } from "./native.ts";
import type { Fcntl, Numbers, Platform } from "./processes.ts";
import type { TrialFile } from "./trial.ts";

/** `struct flock`: off_t start, off_t length, pid_t process, short type, short whence. */
export const darwinNumbers: Numbers = {
  closeAtExec: 0x1000000,
  mapAnonymous: 0x1000,
  duplicate: 67,
  setLock: 90,
  getLock: 92,
  writeLock: 3,
  noLock: 2,
  lockRecord: { bytes: 24, start: 0, length: 8, kind: 20 },
};

/** F_PREALLOCATE; F_ALLOCATEALL: all or nothing; F_PEOFPOSMODE: behind the file's last byte. */
const [preallocate, allocateAll, behindEnd] = [42, 4, 3];
/** The mib of one process: CTL_KERN, KERN_PROC, KERN_PROC_PID. */
const processMib = [1, 14, 1] as const;
const unusedRegisters = 6;

/**
 * fcntl takes its third argument as one of a varying number. On ARM these go on the stack in any case, and no way to call C here
 * has such calls. So the registers are filled up first: what comes behind them is on the stack, where fcntl looks.
 */
function fcntlOf(native: Native): Fcntl {
  if (host.arch !== "arm64") return native.bind("fcntl", ["int", "int", "pointer"]);
  const unused = Array.from({ length: unusedRegisters }, () => 0n);
  const fcntl = native.bind("fcntl", ["int", "int", ...unused.map(() => "size" as const), "pointer"]);
  return (descriptor, command, argument) => fcntl(descriptor, command, ...unused, argument);
}

/** By F_PREALLOCATE, whose `fstore_t` is: int flags, int mode, off_t offset, off_t length, off_t allocated. */
function reserveCall(native: Native, fs: FileSystem, fcntl: Fcntl): ProcessCalls["reserve"] {
  const files = fileCalls(fs, darwinNumbers.closeAtExec);
  const buffer = new ArrayBuffer(32);
  const store = new DataView(buffer);
  return (descriptor, bytes) => {
    const facts = files.facts(descriptor);
    if ("code" in facts) return facts;
    const missing = bytes - facts.bytes;
    store.setInt32(0, allocateAll, true);
    store.setInt32(4, behindEnd, true);
    store.setBigInt64(8, 0n, true);
    store.setBigInt64(16, BigInt(missing), true);
    // Whether it is full, or never sets space aside, the file system does not say in a way that is to be had here.
    if (fcntl(descriptor, preallocate, native.addressOf(buffer)) === -1)
      return { code: "ENOSPC", message: `ENOSPC: F_PREALLOCATE of ${missing} bytes was refused` };
    return files.cut(descriptor, bytes);
  };
}

function identity(native: Native): ProcessIdentity {
  const byName = native.bind("sysctlbyname", ["pointer", "pointer", "pointer", "pointer", "size"]);
  const byMib = native.bind("sysctl", ["pointer", "int", "pointer", "pointer", "pointer", "size"]);
  const bytes = new Uint8Array(new ArrayBuffer(1024));
  const length = new BigUint64Array(new ArrayBuffer(8));
  const addressOf = (view: ArrayBufferView) => native.addressOf(view.buffer);
  const ask = (call: (into: bigint, size: bigint) => number): Uint8Array => {
    length[0] = BigInt(bytes.length);
    return call(addressOf(bytes), addressOf(length)) === 0
      ? bytes.slice(0, Number(length[0]))
      : new Uint8Array(16);
  };
  const name = Uint8Array.from("kern.bootsessionuuid\0", (letter) => letter.charCodeAt(0));
  const session = ask((into, size) => byName(addressOf(name), into, size, 0n, 0n));
  const mib = Int32Array.of(...processMib, identityOf({ started: 0, namespace: 0, boot: 0 }).pid);
  // `struct kinfo_proc` begins with the start: seconds in 64 bits, microseconds in 32.
  const start = new DataView(
    ask((into, size) => byMib(addressOf(mib), mib.length, into, size, 0n, 0n)).buffer,
  );
  const seconds = Number(start.getBigInt64(0, true) % 2n ** 21n);
  return identityOf({
    started: seconds * 1000 + Math.floor(start.getInt32(8, true) / 1000),
    namespace: 0,
    boot: hashOf(String.fromCharCode(...session)),
  });
}

function trialFile(fs: FileSystem): TrialFile {
  const flagOf = (flag: string) => fs.constants[flag] ?? 0;
  const folder = host.env?.["TMPDIR"] ?? "/tmp";
  const path = `${folder}/offheap-trial-${host.pid ?? 0}-${Math.floor(Math.random() * 2 ** 48)}`;
  const flags = flagOf("O_RDWR") | flagOf("O_NOFOLLOW") | darwinNumbers.closeAtExec;
  fs.closeSync(fs.openSync(path, flags | flagOf("O_CREAT") | flagOf("O_EXCL"), newMode));
  return { open: () => fs.openSync(path, flags, newMode), end: () => fs.unlinkSync(path) };
}

export function darwinPlatform(native: Native, fs: FileSystem): Platform {
  const fcntl = fcntlOf(native);
  return {
    numbers: darwinNumbers,
    by: "mmap and F_OFD_SETLK, not tested on macOS,",
    fcntl,
    calls: { self: identity(native), reserve: reserveCall(native, fs, fcntl) },
    trialFile: () => trialFile(fs),
  };
}
