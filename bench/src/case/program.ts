/** A whole program inside a module: seed and steps are the stream's extra words. */
import type { Runner } from "../peers/peer.ts";
import type { Stream } from "../stream/format.ts";
import type { CaseRequest, TimeAnswer } from "./protocol.ts";
import { nowNs, processorNs } from "./run.ts";

export function programCase(runner: Runner, stream: Stream, request: CaseRequest): TimeAnswer {
  const { program } = runner;
  if (!program) throw new Error("there is no program");
  const [seed, steps] = stream.extra;
  const read = request.clock === "cpu" ? processorNs : nowNs;
  const budget = nowNs() + request.budgetMs * 1e6;
  const passes: [number, number][] = [];
  while (passes.length < request.maxPasses && (passes.length < request.minPasses || nowNs() < budget)) {
    const begun = read();
    program(seed, steps);
    passes.push([read() - begun, 0]);
  }
  return { setupNs: 0, passes };
}
