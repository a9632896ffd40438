// Files, by the host's own calls. What is refused is returned.

import { type FileFacts, messageOf, type OsRefusal, type ProcessCalls } from "../base/index.ts";

interface Stats {
  readonly uid: number;
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
  isFile(): boolean;
}

/** What this library needs of node:fs; written out, for it is compiled without Node's types. */
export interface FileSystem {
  readonly constants: Readonly<Record<string, number | undefined>>;
  openSync(path: string, flags: number, mode: number): number;
  closeSync(descriptor: number): void;
  unlinkSync(path: string): void;
  fstatSync(descriptor: number): Stats;
  lstatSync(path: string): Stats;
  readSync(descriptor: number, into: Uint8Array, offset: number, length: number, position: number): number;
  writeSync(descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  ftruncateSync(descriptor: number, bytes: number): void;
  readFileSync(path: string, encoding: "utf8"): string;
  readlinkSync(path: string): string;
}

/** For its owner alone. */
export const newMode = 0o600;

function tried<T>(call: () => T): T | OsRefusal {
  try {
    return call();
  } catch (error) {
    const { code } = Object(error) as { readonly code?: unknown };
    return { code: typeof code === "string" ? code : "", message: messageOf(error) };
  }
}

function done(call: () => unknown): OsRefusal | undefined {
  return tried(() => {
    call();
    return undefined;
  });
}

function told(stats: Stats): FileFacts {
  return {
    isFile: stats.isFile(),
    owner: stats.uid,
    bytes: stats.size,
    device: stats.dev,
    inode: stats.ino,
  };
}

type FileCalls = Pick<
  ProcessCalls,
  "open" | "close" | "remove" | "facts" | "factsOf" | "read" | "write" | "cut"
>;

/** @param closeAtExec O_CLOEXEC, which no host names: a child that had the descriptor, too, would keep its parent's locks */
export function fileCalls(fs: FileSystem, closeAtExec: number): FileCalls {
  const flagOf = (name: string) => fs.constants[name] ?? 0;
  const existing = flagOf("O_RDWR") | flagOf("O_NOFOLLOW") | flagOf("O_NONBLOCK") | closeAtExec;
  return {
    open: (path, isNew) =>
      tried(() => fs.openSync(path, isNew ? existing | flagOf("O_CREAT") : existing, newMode)),
    close: (descriptor) => {
      done(() => fs.closeSync(descriptor));
    },
    remove: (path) => done(() => fs.unlinkSync(path)),
    facts: (descriptor) => tried(() => told(fs.fstatSync(descriptor))),
    factsOf: (path) => tried(() => told(fs.lstatSync(path))),
    read: (descriptor, into) => tried(() => fs.readSync(descriptor, into, 0, into.length, 0)),
    write: (descriptor, bytes) => done(() => fs.writeSync(descriptor, bytes, 0, bytes.length, 0)),
    cut: (descriptor, bytes) => done(() => fs.ftruncateSync(descriptor, bytes)),
  };
}
