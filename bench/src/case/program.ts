/**
 * A whole program inside a module: seed and steps are the stream's extra words. Counted are the first pass and those
 * after half of the time: engines compile a module's functions one by one, for tens of passes of such a program.
 */
import type { Runner } from "../peers/peer.ts";
import type { Stream } from "../stream/format.ts";
import type { CaseRequest, TimeAnswer } from "./protocol.ts";
import { nowNs, processorNs } from "./run.ts";

export function programCase(runner: Runner, stream: Stream, request: CaseRequest): TimeAnswer {
  const { program } = runner;
  if (!program) throw new Error("there is no program");
  const [seed, steps] = stream.extra;
  const read = request.clock === "cpu" ? processorNs : nowNs;
  const begun = nowNs();
  const warm = begun + request.budgetMs * 5e5;
  const budget = begun + request.budgetMs * 1e6;
  const passes: [number, number][] = [];
  while (passes.length < request.maxPasses && (passes.length < request.minPasses || nowNs() < budget)) {
    const counts = passes.length === 0 || nowNs() > warm;
    const from = read();
    program(seed, steps);
    if (counts) passes.push([read() - from, 0]);
  }
  return { setupNs: 0, passes };
}
