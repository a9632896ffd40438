// One case, stepped through: whenever an instruction has changed the heap's file, its bytes are copied into another file, which
// nobody else has open: so they are what is left of a process that was killed there. That heap is judged. For some instructions
// the process is killed in truth, and its own file judged.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { closeHeap, heapOffset, openMemory, removeHeap } from "offheap/process";
import type { Random } from "offheap-tools";
import { stepCases } from "./cases.ts";
import type { StepOrders } from "./child.ts";
import { startTracer, type Traced } from "./tracer.ts";
import { judge, makeHeap, type Worth } from "./verdict.ts";

const program = fileURLToPath(new URL("./child.js", import.meta.url));

export interface WalkOptions {
  readonly name: string;
  readonly engine: "wasm" | "js";
  readonly folder: string;
  readonly tracer: string;
  readonly random: Random;
  /** Kills in truth. */
  readonly kills: number;
  readonly warmUp: number;
}

export interface Walked {
  readonly name: string;
  readonly engine: string;
  /** Instructions of each call, in the order of the calls. */
  readonly calls: number[];
  readonly steps: number;
  /** Between two instructions at which the file differs from before: as many heaps were judged. */
  readonly states: number;
  readonly kills: number;
  readonly violations: string[];
}

/** A file of the heap, and notes, for one run of the program. */
function prepare({ name, engine, folder, warmUp }: WalkOptions) {
  const [path, notes] = [join(folder, `${name}.heap`), join(folder, `${name}.notes`)];
  const handle = makeHeap(path, stepCases[name] as (typeof stepCases)[string], engine);
  const memory = openMemory(notes, { bytes: 65_536 });
  const orders: StepOrders = { name, engine, heap: path, notes, warmUp };
  const close = () => {
    closeHeap(handle.memory);
    closeHeap(memory);
    removeHeap(path);
    removeHeap(notes);
  };
  return { path, notes, handle, program: [program, JSON.stringify(orders)], close };
}

export async function walk(options: WalkOptions): Promise<Walked> {
  const { name, engine, folder, tracer, random } = options;
  const stepCase = stepCases[name] as (typeof stepCases)[string];
  const walked = {
    name,
    engine,
    calls: [] as number[],
    steps: 0,
    states: 0,
    kills: 0,
    violations: [] as string[],
  };
  const run = prepare(options);
  const copyPath = join(folder, `${name}.copy`);
  const copy = makeHeap(copyPath, stepCase, engine);
  const [from, to] = [run.handle, copy].map(
    ({ memory }) => new Uint8Array((memory as { readonly buffer: ArrayBufferLike }).buffer, heapOffset),
  );
  const worthOf = (where: string, expected?: Worth) => {
    (to as Uint8Array).set(from as Uint8Array);
    return judge(copy, stepCase, engine, expected, (what) =>
      walked.violations.push(`${name}, ${where}: ${what}`),
    );
  };
  const traced = startTracer({ ...run, heap: run.path, tracer, killAt: 0 });
  const worth = await follow(traced, walked, worthOf);
  run.close();
  for (let i = 0; i < options.kills && worth !== undefined && walked.violations.length === 0; i++)
    await killOnce(options, random.between(1, walked.steps), worth, walked);
  closeHeap(copy.memory);
  removeHeap(copyPath);
  return walked;
}

type Walking = Walked & { steps: number; states: number; kills: number };

async function follow(
  traced: Traced,
  walked: { -readonly [K in keyof Walking]: Walking[K] },
  worthOf: (where: string, expected?: Worth) => Worth,
): Promise<Worth | undefined> {
  let worth: Worth | undefined;
  for await (const line of traced.lines) {
    const [word, ...numbers] = line.split(" ");
    const [first, second] = numbers.map(Number);
    if (word === "failed") walked.violations.push(line);
    if (word === "call") walked.calls.push(second as number);
    if (word === "over") walked.steps = first as number;
    if (word === "begun") worth = worthOf("before the calls");
    if (word === "changed") {
      walked.states++;
      worthOf(`call ${first}, behind instruction ${second}`, worth);
    }
    if (word === "begun" || word === "changed") traced.goOn();
    if (walked.violations.length > 0) traced.stop();
  }
  return worth;
}

async function killOnce(
  options: WalkOptions,
  killAt: number,
  worth: Worth,
  walked: { kills: number; violations: string[] },
): Promise<void> {
  const { name, engine, tracer } = options;
  const run = prepare(options);
  const traced = startTracer({ ...run, heap: run.path, tracer, killAt });
  for await (const line of traced.lines) {
    if (line === "begun") traced.goOn();
    if (line.startsWith("killed")) walked.kills++;
    if (line.startsWith("failed")) walked.violations.push(line);
    if (!line.startsWith("killed")) continue;
    const where = `${name}, killed behind instruction ${killAt}: ${line}`;
    judge(run.handle, stepCases[name] as (typeof stepCases)[string], engine, worth, (what) =>
      walked.violations.push(`${where}: ${what}`),
    );
  }
  run.close();
}
