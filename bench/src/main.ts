/** `npm run bench`: measures what the filter takes, prints the tables, writes the results. */
import { allPeers } from "./measure/cases.ts";
import { allParts, chosenParts, noResults, type Part, type Results } from "./measure/plan.ts";
import { endChildren } from "./measure/process.ts";
import { parseOptions, usage } from "./options.ts";
import { Progress } from "./progress.ts";
import { currentLoad } from "./report/machine.ts";
import { asTerminal } from "./report/print.ts";
import { writeResults } from "./report/write.ts";

let interrupted = false;

/** An interrupted run keeps the parts that are complete. */
async function measure(parts: readonly Part[]): Promise<Results> {
  const results = noResults();
  const progress = new Progress(parts.reduce((sum, { processes }) => sum + processes, 0));
  for (const part of parts) {
    const added = noResults();
    progress.begin(part.id);
    await part
      .run(added, (peer) => {
        if (interrupted) throw new Error("interrupted");
        progress.tick(peer);
      })
      .catch((error: unknown) => {
        if (!interrupted) throw error;
      });
    if (interrupted) break;
    results.time.push(...added.time);
    results.space.push(...added.space);
    results.pause.push(...added.pause);
    results.gc.push(...added.gc);
    results.heaps.push(...added.heaps);
    results.records.push(...added.records);
    results.messages.push(...added.messages);
    results.processes.push(...added.processes);
    results.hitRates.push(...added.hitRates);
    results.stores.push(...added.stores);
  }
  progress.stop();
  return results;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return console.log(usage);
  const loadAtStart = currentLoad();
  const peers = allPeers(options);
  const parts = allParts(options, peers);
  if (options.list) {
    for (const { id, title } of parts) console.log(`${id.padEnd(28)} ${title}`);
    for (const { id, title, missing } of peers) console.log(`${id.padEnd(28)} ${missing ?? title}`);
    return;
  }
  const chosen = chosenParts(options, parts);
  if (chosen.length === 0) throw new Error("nothing matches --only; --list names the parts");
  const results = await measure(chosen);
  console.log(asTerminal(results));
  const busy = Math.max(loadAtStart, currentLoad() - 1); // the run itself keeps one processor busy
  if (busy > 0.5)
    console.log(`\n! others were at work on this machine (load ${busy.toFixed(1)}): do not trust the times`);
  const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
  const written = await writeResults({ options, peers, results, loadAtStart, command });
  console.log(`\n${written.join("\n")}`);
}

process.on("SIGINT", () => {
  if (interrupted) process.exit(130);
  interrupted = true;
  process.exitCode = 130;
  endChildren();
});
try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
