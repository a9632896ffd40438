#!/usr/bin/env node
// The command `offheap`. Results go to standard output, everything else to standard error.
// Exit codes: 0 all is well, 1 a violation or a trace that could not be replayed, 2 wrong usage,
// 3 a trace is damaged or cut off, and was replayed up to there, 130 interrupted.

import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { allocatorNames } from "./allocators/registry.ts";
import { CliError, exitCodes, messageOf } from "./errors.ts";
import { parseCapacity, parsePasses, parseWorkers, type ReplayOptions } from "./options.ts";
import { makeProgress } from "./progress.ts";
import { replayCommand } from "./replay-command.ts";
import { replayJson } from "./report/json.ts";
import { summaryText, traceText } from "./report/text.ts";
import { isCut, isGood } from "./results.ts";

async function runReplay(paths: string[], options: ReplayOptions): Promise<number> {
  const progress = makeProgress(process.stderr);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once("SIGINT", interrupt); // once: a second Ctrl-C ends the process at once
  process.once("SIGTERM", interrupt);
  try {
    const results = await replayCommand(paths, options, {
      progress,
      signal: interruption.signal,
      onResult: (result, limit) => {
        if (!options.json) process.stdout.write(`${traceText(result, limit)}\n`);
      },
    });
    process.stdout.write(options.json ? replayJson(results) : summaryText(results));
    for (const { path, error, trace } of results.traces) {
      if (error) complain(error.message);
      else if (trace?.problems.cutAtByte !== undefined) complain(`${path}: ${trace.problems.truncated}`);
    }
    if (!results.traces.every(isGood)) return exitCodes.failure;
    return results.traces.some(isCut) ? exitCodes.cut : exitCodes.ok;
  } finally {
    progress.stop();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function makeProgram(onDone: (exitCode: number) => void): Command {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const program = new Command("offheap")
    .description("Memory outside the JavaScript heap: tools for the allocators of offheap")
    .version(manifest.version)
    .exitOverride();
  program
    .command("replay")
    .description("replay the allocations of real programs, as logged by glibc's mtrace")
    .argument("<trace...>", "mtrace logs, plain text or packed (gzip, zstd)")
    .addOption(new Option("--allocator <name>", "which allocator").choices(allocatorNames).default("pool"))
    .option(
      "--workers <n>",
      "workers that replay at once, on one heap; 1,2,4 makes a run for each",
      parseWorkers,
      [1],
    )
    .option("--passes <n>", "timed passes, the first included", parsePasses, 9)
    .option("--capacity <bytes>", "capacity of the heap, such as 512MiB", parseCapacity, 2 ** 30)
    .addOption(
      new Option("--classes <preset>", "size classes (default: fine for pool, powersOfTwo for slab)").choices(
        ["powersOfTwo", "fine"],
      ),
    )
    .option("--no-verify", "no checked passes between the timed ones (the last pass, untimed, checks all)")
    .option("--json", "one JSON document on standard output", false)
    .action(async (paths: string[], options: ReplayOptions) => onDone(await runReplay(paths, options)));
  return program;
}

async function main(): Promise<number> {
  let exitCode: number = exitCodes.ok;
  try {
    await makeProgram((code) => {
      exitCode = code;
    }).parseAsync();
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // it has said why
    complain(messageOf(error));
    if (!(error instanceof CliError)) return exitCodes.failure;
    if (error.code === "ERR_INTERRUPTED") return exitCodes.interrupted;
    return error.code === "ERR_USAGE" ? exitCodes.usage : exitCodes.failure;
  }
}

function complain(message: string): void {
  process.stderr.write(`offheap: ${message}\n`);
}

// Whoever reads may stop reading (`| head`); that is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.ok);
});

process.exitCode = await main();
