/** What can go wrong with a command, each with a stable `code` and the exit code of the process. */
export type CliErrorCode =
  | "ERR_USAGE"
  | "ERR_UNREADABLE_TRACE"
  | "ERR_NOT_A_TRACE"
  | "ERR_REPLAY_FAILED"
  | "ERR_WORKER_DIED"
  | "ERR_INTERRUPTED";

export const exitCodes = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

export class CliError extends Error {
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.code = code;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
