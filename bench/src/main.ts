/** `npm run bench`: measures what the filter takes, prints the tables, writes the results. */
import { allPeers } from "./measure/cases.ts";
import { endChildren } from "./measure/process.ts";
import { measureTime, type TimeRow } from "./measure/time.ts";
import { parseOptions, selected, usage } from "./options.ts";
import { Progress } from "./progress.ts";
import { ratioLines } from "./report/ratios.ts";
import { refusalLines, timeTable } from "./report/time-table.ts";
import { timedWorkloads } from "./workloads/registry.ts";

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) return void console.log(usage);
  const peers = allPeers(options);
  const all = timedWorkloads(options);
  const workloads = all.filter((workload) => selected(options, workload.id));
  if (options.list) {
    for (const workload of all) console.log(`${workload.id.padEnd(28)} ${workload.title}`);
    for (const peer of peers) console.log(`${peer.id.padEnd(28)} ${peer.missing ?? peer.title}`);
    return;
  }
  const progress = new Progress(workloads.length * peers.length * options.rounds);
  const rows: TimeRow[] = [];
  for (const workload of workloads) {
    progress.begin(workload.id);
    rows.push(...(await measureTime(options, workload, peers, (peer) => progress.tick(peer))));
  }
  progress.stop();
  console.log(timeTable(rows));
  for (const line of refusalLines(rows)) console.log(`  – ${line}`);
  for (const subject of ["offheap", "offheap-fine"])
    for (const line of ratioLines(rows, subject)) console.log(line);
}

process.on("SIGINT", () => {
  endChildren();
  process.exit(130);
});
await main();
