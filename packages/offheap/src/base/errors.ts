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

const errorName = "AllocatorError";

/** Whether a value is one, by what it says of itself: of this copy of the package or another, of any realm. */
function isAllocatorError(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Object.prototype.toString.call(value) !== "[object Error]") return false;
  const { name, code } = value as { readonly name?: unknown; readonly code?: unknown };
  return name === errorName && typeof code === "string" && code.startsWith("ERR_");
}

/**
 * Every error of this library. Programs test `code`; the message begins with it, and what follows may change. Whatever
 * realm or copy of the package it comes from: `name` is "AllocatorError", `code` a text, and `instanceof AllocatorError` holds.
 */
export class AllocatorError extends Error {
  override readonly name = errorName;
  readonly code: ErrorCode;

  /** Throws nothing. */
  constructor(code: ErrorCode, message: string) {
    // When an error is posted to another thread, its message is all that every host keeps (docs/errors.md).
    super(`${code}: ${message}`);
    this.code = code;
  }

  /**
   * The error that a value was before it was posted: an error from another thread, or the text of a worker's `error`
   * event. Undefined for what was none. Throws nothing.
   */
  static from(value: unknown): AllocatorError | undefined {
    return value instanceof AllocatorError ? value : revive(value);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass inherits this, and has only its own instances
    return (this === AllocatorError && isAllocatorError(value)) || super[Symbol.hasInstance](value);
  }
}

/** What a thrown value says, whatever it is, and of whatever realm. */
export function messageOf(thrown: unknown): string {
  const { message } = Object(thrown) as { readonly message?: unknown };
  return typeof message === "string" ? message : show(thrown);
}

function revive(value: unknown): AllocatorError | undefined {
  const { message, stack } = Object(value) as { readonly message?: unknown; readonly stack?: unknown };
  const text = typeof value === "string" ? value : message;
  if (typeof text !== "string") return undefined;
  const [, code, rest] = /(?:^|AllocatorError: )(ERR_[A-Z_]+): (.*)/.exec(text) ?? [];
  if (code === undefined || rest === undefined) return undefined;
  const error = new AllocatorError(code as ErrorCode, rest);
  if (typeof stack === "string") error.stack = stack;
  return error;
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

/** 0 for want of memory; any other exception passes on. Nothing shared is read or written here. */
export function nullOrThrow(error: unknown): 0 {
  const isWant =
    error instanceof AllocatorError &&
    (error.code === "ERR_OUT_OF_MEMORY" || error.code === "ERR_INVALID_SIZE");
  if (isWant) return 0;
  throw error;
}
