/** The stable codes of {@link AllocatorError}. */
export type ErrorCode =
  | "ERR_INVALID_SIZE"
  | "ERR_INVALID_ADDRESS"
  | "ERR_DOUBLE_FREE"
  | "ERR_SIZE_MISMATCH"
  | "ERR_OUT_OF_MEMORY"
  | "ERR_INVALID_OPTION"
  | "ERR_INVALID_ALIGNMENT"
  | "ERR_INVALID_WORKER"
  | "ERR_TOO_MANY_WORKERS"
  | "ERR_DETACHED"
  | "ERR_HEAP_BUSY"
  | "ERR_INCOMPATIBLE_HEAP"
  | "ERR_INVALID_SNAPSHOT"
  | "ERR_STALE_HANDLE"
  | "ERR_OS_UNAVAILABLE"
  | "ERR_CORRUPT_HEAP";

/** Every error of this library. Programs test `code`; the message is for people and may change. */
export class AllocatorError extends Error {
  override readonly name = "AllocatorError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A value as an error message shows it: short, on one line, and never calling into the value. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "boolean":
    case "undefined":
      return String(value);
    case "object":
      return value === null ? "null" : "an object";
    default:
      return `a ${typeof value}`;
  }
}
