/** `npm run bench`: measures what the filter takes, prints the tables, writes the results. */
import { allPeers } from "./measure/cases.ts";
import { allParts, chosenParts, type Results } from "./measure/plan.ts";
import { endChildren } from "./measure/process.ts";
import { parseOptions, usage } from "./options.ts";
import { Progress } from "./progress.ts";
import { currentLoad } from "./report/machine.ts";
import { asTerminal } from "./report/print.ts";
import { writeResults } from "./report/write.ts";

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
  const results: Results = { time: [], space: [], pause: [], gc: [] };
  const progress = new Progress(chosen.reduce((sum, { processes }) => sum + processes, 0));
  for (const part of chosen) {
    progress.begin(part.id);
    await part.run(results, (peer) => progress.tick(peer));
  }
  progress.stop();
  console.log(asTerminal(results));
  const busy = Math.max(loadAtStart, currentLoad() - 1); // the run itself keeps one processor busy
  if (busy > 0.5)
    console.log(`\n! others were at work on this machine (load ${busy.toFixed(1)}): do not trust the times`);
  const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
  const written = await writeResults({ options, peers, results, loadAtStart, command });
  console.log(`\n${written.join("\n")}`);
}

process.on("SIGINT", () => {
  endChildren();
  process.exit(130);
});
try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
