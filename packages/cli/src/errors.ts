/** What can go wrong with a command, each with a stable `code` and the exit code of the process. */
export type CliErrorCode =
  | "ERR_USAGE"
  | "ERR_UNREADABLE_TRACE"
  | "ERR_NOT_A_TRACE"
  | "ERR_REPLAY_FAILED"
  | "ERR_WORKER_DIED"
  | "ERR_INTERRUPTED";

/** Such as `ERR_OUT_OF_MEMORY`; a string, since allocators are more than one. */
export type AllocatorCode = string & { readonly allocator?: never };

export const exitCodes = { ok: 0, failure: 1, usage: 2, cut: 3, interrupted: 130 } as const;

export class CliError extends Error {
  /** One of ours, or the allocator's own when it was the allocator that refused. */
  readonly code: CliErrorCode | AllocatorCode;

  constructor(code: CliErrorCode | AllocatorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.code = code;
  }
}

export function messageOf(error: unknown): string {
  // Not by `instanceof`: an error may come from another realm.
  const message = typeof error === "object" && error !== null && "message" in error ? error.message : error;
  return String(message);
}

/** The stable code that errors of Node, of offheap and of ours carry. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
