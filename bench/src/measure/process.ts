/** Starts a case in a process of its own and reads the JSON that it prints. */
import { spawn } from "node:child_process";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const children = new Set<ReturnType<typeof spawn>>();

/** For the end of an interrupted run. */
export function endChildren(): void {
  for (const child of children) child.kill("SIGKILL");
}

/**
 * The answer, or `{ refused }` with the reason why there is none. A library that cannot be loaded is a reason: the
 * process would have run with the C library's malloc.
 */
export function runCase<T extends object>(
  command: Command,
  timeoutMs: number,
): Promise<T | { refused: string }> {
  return new Promise((resolve) => {
    const child = spawn(command.program, command.args, {
      env: { ...process.env, ...command.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.on("error", (error) => resolve({ refused: error.message }));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      children.delete(child);
      const [ignored] = /^.*cannot be preloaded.*$/m.exec(errors) ?? [];
      if (ignored !== undefined) return resolve({ refused: `not loaded: ${ignored}` });
      if (code === 0 && output !== "") return resolve(JSON.parse(output) as T);
      const reason =
        signal === "SIGKILL" ? `stopped after ${timeoutMs / 1000} s` : errors.trim().split("\n").pop();
      resolve({ refused: `failed: ${reason || `exit ${code ?? signal}`}` });
    });
  });
}
