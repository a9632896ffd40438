/**
 * One loop through three heaps in turn, as where one place of a program calls several. All loops are closures of one
 * place in case/loops.ts, so V8 keeps one feedback and one code for them. What it took for constants while there was one
 * heap, it has to load from the second on. The heaps before stay alive.
 */
import type { JsPeer, Runner } from "../peers/peer.ts";
import type { Stream } from "../stream/format.ts";
import type { CaseRequest, HeapsAnswer, TimeAnswer } from "./protocol.ts";
import { timed } from "./run.ts";
import { timeCase } from "./time.ts";

const HEAPS = 3;

export async function heapsCase(peer: JsPeer, stream: Stream, request: CaseRequest): Promise<HeapsAnswer> {
  const seen: { readonly runner: Runner; readonly answer: TimeAnswer }[] = [];
  while (seen.length < HEAPS) {
    const runner = await peer.open(stream, { ballast: request.ballast });
    const answer = timeCase(runner, stream, request);
    if (answer.tooSlow) throw new Error(`too slow for ${HEAPS} heaps`);
    timed(runner, stream.closing, Number.POSITIVE_INFINITY);
    seen.push({ runner, answer });
  }
  return { heaps: seen.map(({ answer }) => answer) };
}
