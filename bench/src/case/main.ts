/** A process for one JavaScript case: `node main.js REQUEST`, the answer as JSON on standard output. */
import { peers } from "../peers/registry.ts";
import type { StoresRequest } from "../stores/protocol.ts";
import { readStream } from "../stream/format.ts";
import { heapsCase } from "./heaps.ts";
import { pauseCase } from "./pause.ts";
import { programCase } from "./program.ts";
import type {
  CaseRequest,
  ChaseRequest,
  GcRequest,
  HitRatesRequest,
  MessagesRequest,
  ProcessesRequest,
  RecordsRequest,
} from "./protocol.ts";
import { spaceCase } from "./space.ts";
import { timeCase } from "./time.ts";
import { walkCase } from "./walk.ts";

const cases = { time: timeCase, space: spaceCase, pause: pauseCase, walk: walkCase, program: programCase };

type Request =
  | CaseRequest
  | GcRequest
  | ChaseRequest
  | RecordsRequest
  | MessagesRequest
  | ProcessesRequest
  | HitRatesRequest
  | StoresRequest;

async function answer(request: Request): Promise<object> {
  if (request.mode === "chase") return (await import("./chase.ts")).chaseCase(request);
  if (request.mode === "records") return (await import("./records.ts")).recordsCase(request);
  if (request.mode === "messages") return (await import("./messages.ts")).messagesCase(request);
  if (request.mode === "processes") return (await import("./processes.ts")).processesCase(request);
  if (request.mode === "hit-rates") return (await import("./hit-rates.ts")).hitRatesCase(request);
  if (request.mode === "stores") return (await import("./stores.ts")).storesCase(request);
  if (request.mode === "gc") return (await import("./gc.ts")).gcCase(request);
  const stream = readStream(request.stream);
  const peer = await peers[request.peer]();
  const refused = peer.refuses?.(stream, request.mode);
  if (refused) return { refused };
  if (request.mode === "heaps") return heapsCase(peer, stream, request);
  const runner = await peer.open(stream, { ballast: request.ballast });
  return cases[request.mode](runner, stream, request);
}

try {
  const result = await answer(JSON.parse(process.argv[2]) as Request);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ refused: `failed: ${error instanceof Error ? error.message : error}` })}\n`,
  );
}
