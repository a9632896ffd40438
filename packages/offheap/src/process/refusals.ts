// What the operating system refuses, as errors of this library.
//
//   ERR_INVALID_OPTION      the path names no file that could be one: a directory, a symbolic link, another user's
//   ERR_OUT_OF_MEMORY       no space for it
//   ERR_OS_UNAVAILABLE      any other refusal, and hosts without these calls

import { AllocatorError, type ErrorCode, type OsRefusal, show } from "../base/index.ts";

const codes: Readonly<Record<string, ErrorCode>> = {
  EISDIR: "ERR_INVALID_OPTION",
  ELOOP: "ERR_INVALID_OPTION",
  ENOTDIR: "ERR_INVALID_OPTION",
  ENAMETOOLONG: "ERR_INVALID_OPTION",
  ENOSPC: "ERR_OUT_OF_MEMORY",
  EDQUOT: "ERR_OUT_OF_MEMORY",
  EFBIG: "ERR_OUT_OF_MEMORY",
  ENOMEM: "ERR_OUT_OF_MEMORY",
};
const meanings: Readonly<Record<string, string>> = {
  EISDIR: "it is a directory",
  ELOOP: "it is a symbolic link, and one could lead anywhere",
  ENXIO: "it is no regular file",
};

export function refusalOf<T>(found: T | OsRefusal): OsRefusal | undefined {
  return typeof found === "object" && found !== null && "code" in found ? found : undefined;
}

export function refused(path: string, { code, message }: OsRefusal): AllocatorError {
  const meaning = meanings[code];
  const why = meaning === undefined ? message : `${meaning} (${code})`;
  return new AllocatorError(codes[code] ?? "ERR_OS_UNAVAILABLE", `the heap's file ${show(path)}: ${why}`);
}

/** What was found, if it is no refusal. */
export function granted<T>(path: string, found: T | OsRefusal): T {
  const refusal = refusalOf(found);
  if (refusal !== undefined) throw refused(path, refusal);
  return found as T;
}

export function wrongPath(path: string, why: string): AllocatorError {
  return new AllocatorError("ERR_INVALID_OPTION", `the heap's file ${show(path)}: ${why}`);
}

export function noHeapFile(path: string, why: string): AllocatorError {
  return new AllocatorError(
    "ERR_INCOMPATIBLE_HEAP",
    `${show(path)} is no file this library can open: ${why}`,
  );
}
