// macOS's calls, as its headers have them, made on Linux: each is read by Darwin's numbers and layouts, and done by Linux's. What macOS
// has not, is not there.

import type { Native, NativeCall } from "#src/os/native.js";

/** What was asked for, in Darwin's words. */
export interface Asked {
  readonly sysctls: (string | readonly number[])[];
  readonly reserved: number[];
  /** How many arguments each call of fcntl had. */
  readonly fcntlArguments: Set<number>;
}

export const startSeconds = 1_700_000_000n;
export const startMicroseconds = 123_456;
export const session = "6A5BB1B0-6C0C-4B8B-9F0B-0123456789AB";

const [duplicate, preallocate, setLock, getLock] = [67, 42, 90, 92];
const anonymous = 0x1000;

export function pretendDarwin(real: Native): { readonly native: Native; readonly asked: Asked } {
  const asked: Asked = { sysctls: [], reserved: [], fcntlArguments: new Set() };
  const buffers = new Map<bigint, ArrayBufferLike>();
  const addressOf = (buffer: ArrayBufferLike): bigint => {
    const address = real.addressOf(buffer);
    buffers.set(address, buffer);
    return address;
  };
  const at = (address: unknown) => new DataView(buffers.get(address as bigint) as ArrayBuffer);
  const fcntl = real.bind("fcntl", ["int", "int", "pointer"]);
  const fallocate = real.bind("posix_fallocate", ["int", "size", "size"]);
  const mmap = real.bind("mmap", ["pointer", "size", "int", "int", "int", "size"]);

  /** off_t start, off_t length, pid_t process, short type, short whence; F_UNLCK 2, F_WRLCK 3. */
  const lock = (descriptor: number, command: number, darwin: DataView): number => {
    const linux = new DataView(new ArrayBuffer(32));
    linux.setInt16(0, { 1: 0, 2: 2, 3: 1 }[darwin.getInt16(20, true)] ?? 99, true);
    linux.setInt16(2, darwin.getInt16(22, true), true);
    linux.setBigInt64(8, darwin.getBigInt64(0, true), true);
    linux.setBigInt64(16, darwin.getBigInt64(8, true), true);
    const result = fcntl(descriptor, command, real.addressOf(linux.buffer));
    darwin.setInt16(20, [1, 3, 2][linux.getInt16(0, true)] as number, true);
    return result;
  };

  /** unsigned flags, int mode, off_t offset, length, allocated. */
  const reserve = (descriptor: number, store: DataView): number => {
    if (store.getUint32(0, true) !== 4 || store.getInt32(4, true) !== 3 || store.getBigInt64(8, true) !== 0n)
      return -1;
    const length = store.getBigInt64(16, true);
    asked.reserved.push(Number(length));
    return fallocate(descriptor, 0n, length) === 0 ? 0 : -1;
  };

  const tell = (into: unknown, length: unknown, bytes: Uint8Array): number => {
    new Uint8Array(buffers.get(into as bigint) as ArrayBuffer).set(bytes);
    at(length).setBigUint64(0, BigInt(bytes.length), true);
    return 0;
  };

  const known: Readonly<Record<string, NativeCall>> = {
    fcntl: (descriptor, command, ...rest) => {
      asked.fcntlArguments.add(2 + rest.length);
      const argument = rest.at(-1);
      const fd = Number(descriptor);
      if (command === duplicate) return fcntl(fd, 1030, argument as bigint);
      if (command === setLock) return lock(fd, 37, at(argument));
      if (command === getLock) return lock(fd, 36, at(argument));
      return command === preallocate ? reserve(fd, at(argument)) : -1;
    },
    mmap: (address, bytes, protection, flags, descriptor, offset) => {
      const isAnonymous = (Number(flags) & anonymous) !== 0;
      const linux = (Number(flags) & ~anonymous) | (isAnonymous ? 32 : 0);
      return mmap(
        address as bigint,
        bytes as bigint,
        protection as number,
        linux,
        descriptor as number,
        offset as bigint,
      );
    },
    sysctlbyname: (name, into, length) => {
      asked.sysctls.push(String.fromCharCode(...new Uint8Array(at(name).buffer)));
      return tell(into, length, new TextEncoder().encode(`${session}\0`));
    },
    sysctl: (mib, count, into, length) => {
      asked.sysctls.push([...new Int32Array(at(mib).buffer, 0, Number(count))]);
      const bytes = new DataView(new ArrayBuffer(648));
      bytes.setBigInt64(0, startSeconds, true);
      bytes.setInt32(8, startMicroseconds, true);
      return tell(into, length, new Uint8Array(bytes.buffer));
    },
  };
  const alike = ["close", "pread", "sched_yield"];
  const bind: Native["bind"] = (name, kinds) => {
    const call = alike.includes(name) ? real.bind(name, kinds) : known[name];
    if (call === undefined) throw new Error(`macOS has no ${name}`);
    return call;
  };
  return { native: { via: real.via, addressOf, bind }, asked };
}
