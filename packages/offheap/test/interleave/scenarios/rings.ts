// A ring between workers. Whoever dies when, each message that was sent is received once, or is in the ring; its object is the
// receiver's, or the ring's, or, if it was not sent, the sender's; and nothing leaks.

import { intentRing } from "#core/layout/index.js";
import type { SlabAllocator } from "#src/allocator/slab-allocator.js";
import type { Address } from "#src/base/brands.js";
import type { Message } from "#src/ring/list.js";
import { Ring } from "#src/ring/ring.js";
import { heapOf } from "../../support/heaps.ts";
import type { Actor } from "../../support/stepping/actor.ts";
import type { Geometry, Scenario, Step } from "../../support/stepping/scenario.ts";

const geometry: Geometry = {
  classes: [64, 512],
  chunks: 2,
  slots: 12,
  roundLimit: 2,
  keepsData: true,
  maxWorkers: 4,
};

/** The ring's handle, and the objects that are sent. */
interface Sent {
  readonly ring: { readonly kind: "ring"; readonly address: Address };
  readonly objects: readonly Address[];
}

function ringOf(slab: SlabAllocator, { ring }: Sent): Ring {
  return Ring.attach(slab, ring);
}

const send =
  (which: number): Step<Sent> =>
  (actor, context) => {
    const address = context.objects[which] as Address;
    actor.note(`send ${which}`);
    actor.note(`${ringOf(actor.slab, context).send(address, 64, which)}`);
  };

const sendMany =
  (...which: number[]): Step<Sent> =>
  (actor, context) => {
    const batch = which.map((tag) => ({ address: context.objects[tag] as Address, length: 64, tag }));
    actor.note(`sendMany ${which.join(" ")}`);
    actor.note(`${ringOf(actor.slab, context).sendMany(batch)}`);
  };

/** A copy into a fresh object, of a tag that no object of the setup has; it ends where it was not sent. */
const write: Step<Sent> = (actor, context) => {
  const ring = ringOf(actor.slab, context);
  actor.note(`write ${ring.write(new Uint8Array(0), copied)}`);
};
const copied = 8;

const receive: Step<Sent> = (actor, context) => {
  actor.note("receive");
  const message = ringOf(actor.slab, context).receive();
  if (message !== undefined && message.address !== context.objects[message.tag])
    throw new Error(`message ${message.tag} came with ${message.address}`);
  actor.note(message === undefined ? "empty" : `${message.tag}`);
};

/** Up to two messages in one call. */
const receiveMany: Step<Sent> = (actor, context) => {
  const batch = [0, 1].map((): Message => ({ address: 0, length: 0, tag: 0 }));
  actor.note("receiveMany");
  const got = batch.slice(0, ringOf(actor.slab, context).receiveMany(batch));
  const wrong = got.find(({ address, length, tag }) => address !== context.objects[tag] || length !== 64);
  if (wrong !== undefined)
    throw new Error(`message ${wrong.tag} came with ${wrong.address}, ${wrong.length}`);
  actor.note(got.length === 0 ? "empty" : got.map(({ tag }) => tag).join(" "));
};

/** Receives a message that then is nobody's, and stays when its receiver dies. */
const receiveKept: Step<Sent> = (actor, context) => {
  receive(actor, context);
  const tag = Number(actor.results.at(-1));
  if (Number.isNaN(tag)) return;
  actor.slab.disown(context.objects[tag] as Address);
  actor.note(`kept ${tag}`);
};

/** Takes a message, and is done with it. */
const takeAndEnd: Step<Sent> = (actor, context) => {
  const ring = ringOf(actor.slab, context);
  actor.note("take");
  const tag = ring.take()?.tag;
  if (tag !== undefined) ring.done();
  actor.note(tag === undefined ? "empty" : `${tag}`);
};

/** Takes a message and sends it on, in its place. */
const forward: Step<Sent> = (actor, context) => {
  const ring = ringOf(actor.slab, context);
  actor.note("forward");
  const message = ring.take();
  if (message !== undefined) ring.send(message.address, message.length, message.tag);
  actor.note("done");
};

interface Told {
  sent: number[];
  maybe: number[];
  received: number[];
  ended: number[];
  receiving: number;
  /** In a take that had not ended when its worker did: done, or given back. */
  taking: number;
  /** Calls that an exception ended: their worker lives on, and may hold a message that it was not told of. */
  overflows: number;
}

function toldBy({ results }: Actor): Told {
  const told: Told = { sent: [], maybe: [], received: [], ended: [], receiving: 0, taking: 0, overflows: 0 };
  for (let i = 0; i < results.length; i++) {
    const [call, ...numbers] = (results[i] as string).split(" ");
    const [which] = numbers;
    const answer = results[i + 1];
    const isAnswered = answer !== undefined && answer !== "overflow";
    if (call === "send" && !isAnswered) told.maybe.push(Number(which));
    if (call === "send" && answer === "true") told.sent.push(Number(which));
    if (call === "sendMany" && !isAnswered) told.maybe.push(...numbers.map(Number));
    if (call === "sendMany" && isAnswered) told.sent.push(...numbers.slice(0, Number(answer)).map(Number));
    if (call?.startsWith("receive") && isAnswered && answer !== "empty")
      told.received.push(...(answer as string).split(" ").map(Number));
    if (call === "receiveMany" && !isAnswered) told.receiving += 2;
    if (call === "take" && isAnswered && answer !== "empty") told.ended.push(Number(answer));
    if (call === "receive" && !isAnswered) told.receiving++;
    if (call === "take" && !isAnswered) told.taking++;
    if (answer === "overflow") told.overflows++;
  }
  return told;
}

function isLive(slab: SlabAllocator, address: Address): boolean {
  try {
    return slab.sizeOf(address) > 0;
  } catch {
    return false;
  }
}

function judgeRing(
  slabs: readonly SlabAllocator[],
  actors: readonly Actor[],
  context: Sent,
): string | undefined {
  const slab = slabs[0] as SlabAllocator;
  const ring = ringOf(slab, context);
  const left: number[] = [];
  for (let message = ring.receive(); message !== undefined; message = ring.receive()) {
    if (message.tag === copied) {
      slab.deallocate(message.address);
      continue;
    }
    if (message.address !== context.objects[message.tag] || message.length !== 64)
      return `message ${message.tag} is at ${message.address}, ${message.length} bytes`;
    left.push(message.tag);
  }
  const kept = actors.flatMap(({ results }) => results.filter((result) => result.startsWith("kept ")));
  const ended = kept.filter((result) => !isLive(slab, context.objects[Number(result.slice(5))] as Address));
  if (ended.length > 0) return `${ended}, and ended`;
  const told = actors.map(toldBy);
  const out = told.flatMap(({ received, ended }) => [...received, ...ended]);
  const seen = [...left, ...out];
  const twice = seen.filter((tag, i) => seen.indexOf(tag) !== i);
  if (twice.length > 0) return `${twice} came twice: left ${left}, received ${out}`;
  const sent = told.flatMap((each) => each.sent);
  const maybe = told.flatMap((each) => each.maybe);
  const foreign = seen.filter((tag) => !sent.includes(tag) && !maybe.includes(tag));
  if (foreign.length > 0) return `${foreign} was never sent`;
  // A receive that had not returned may have had its message: the last store of it is when it was received.
  const lost = sent.filter((tag) => !seen.includes(tag));
  const unanswered = told.reduce((sum, each) => sum + each.receiving + each.taking + each.overflows, 0);
  if (lost.length > unanswered) return `${lost} is lost: left ${left}, received ${out}`;
  // One that was taken comes back until it has ended.
  const isTaken = told.every((each) => each.receiving + each.overflows === 0);
  const astray = lost.filter((tag) => isTaken && isLive(slab, context.objects[tag] as Address));
  if (astray.length > 0) return `${astray} was taken, did not end, and did not come back`;
  for (const address of context.objects) {
    try {
      slab.deallocate(address);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "ERR_DOUBLE_FREE" && code !== "ERR_INVALID_ADDRESS") throw error;
    }
  }
  ring.destroy();
  return undefined;
}

function onRing(
  name: string,
  programs: Scenario<Sent>["programs"],
  more: Partial<Scenario<Sent>> & {
    readonly inRing?: number;
    readonly capacity?: number;
    /** Messages that have passed through it. */
    readonly passed?: number;
  } = {},
): Scenario<Sent> {
  const { inRing = 0, capacity = 2, passed = 0, ...rest } = more;
  return {
    name: `ring: ${name}`,
    geometry,
    mayRunOut: true,
    setup: ([first, ...others]) => {
      const { slab } = first as Actor;
      const ring = new Ring(slab, { capacity });
      const objects = [0, 1, 2, 3].map((which) => {
        const owner = which % 2 === 0 ? slab : ((others[0] as Actor).slab as SlabAllocator);
        return owner.allocate(64);
      });
      // Each has a table from here on: that it is made is a scenario of its own.
      const tables = [slab, ...others.map((actor) => actor.slab)].filter((each) => each !== undefined);
      for (const each of tables) {
        const spare = each.allocate(64);
        const own = Ring.attach(each, ring.handle);
        own.send(spare, 64, 9);
        own.receive();
        each.deallocate(spare);
      }
      for (let i = 0; i < passed; i++) {
        ring.send(objects[0] as Address, 64, 0);
        ring.receive();
      }
      const context = { ring: ring.handle, objects };
      for (let which = 0; which < inRing; which++) {
        const at = which % 2 === 0 ? slab : ((others[0] as Actor).slab as SlabAllocator);
        Ring.attach(at, ring.handle).send(objects[which] as Address, 64, which);
        (which % 2 === 0 ? (first as Actor) : (others[0] as Actor)).results.length = 0;
      }
      // As if nobody had been about anything in a ring.
      for (const each of tables) {
        const { words, layout } = heapOf(each);
        words[layout.intentsAt + ((each.workerId % 128) - 1) * layout.intentWords + intentRing / 4] = 0;
      }
      return context;
    },
    programs,
    finish: (slabs, actors, context) => judgeRing(slabs, actors, context),
    ...rest,
  };
}

/** Messages that are in the ring from the start count as sent by the setup. */
const sentBefore =
  (...which: number[]): Step<Sent> =>
  (actor) => {
    for (const each of which) {
      actor.note(`send ${each}`);
      actor.note("true");
    }
  };

export const writeSend = onRing("write, send", [[write], [send(1)]]);
export const sendSend = onRing("send, send", [[send(0)], [send(1)]]);
export const sendReceive = onRing("send, receive", [[send(0)], [receive, receive]]);
export const receiveReceive = onRing("receive, receive", [[sentBefore(0, 1), receive], [receive]], {
  inRing: 2,
});
export const fullRing = onRing(
  "a full ring: send, against receive and send",
  [
    [sentBefore(0), send(2)],
    [receive, send(1)],
  ],
  { inRing: 1, capacity: 1 },
);
export const aroundRing = onRing("once around", [
  [send(0), send(2)],
  [receive, send(1), receive, receive],
]);
export const takeRing = onRing(
  "take and done, against receive",
  [[sentBefore(0, 1), takeAndEnd], [receive]],
  { inRing: 2 },
);
export const forwardRing = onRing(
  "sent on in its place, against receive",
  [[sentBefore(0), forward], [receive]],
  { inRing: 1 },
);

export const keepRing = onRing("received and kept, then write", [[sentBefore(0), receiveKept, write], []], {
  inRing: 1,
});

/** Its cell has another message before it is settled. */
export const overTaken = onRing(
  "take, against send into its cell",
  [[takeAndEnd], [sentBefore(0, 1), send(3)]],
  {
    inRing: 2,
  },
);

/** Of four cells, so that others may be at the cell behind. */
export const manyRings = [
  onRing("two in one call, against receive", [[sendMany(0, 2)], [receive, receive]]),
  onRing("two in one call, against send", [[sendMany(0, 2)], [send(1)]], { capacity: 3 }),
  onRing("two in one call, of which one fits", [[sendMany(0, 2)], [send(1)]], { capacity: 1 }),
  onRing("two received in one call, against receive", [[sentBefore(0, 1), receiveMany], [receive]], {
    inRing: 2,
  }),
  onRing("two sent in one call, two received in one", [[sendMany(0, 2)], [receiveMany, receive]], {
    capacity: 3,
  }),
  // Positions 6 and 7: with the second of them the tail is moved on, and the head.
  onRing("counters that lag, and are moved on", [[sendMany(0, 2)], [receive, receive]], { passed: 4 }),
  onRing("counters that lag: send, send, receive", [[send(0), send(2)], [receiveMany]], { passed: 4 }),
];

const reap =
  (...workers: number[]): Step<Sent> =>
  (actor) => {
    for (const worker of workers) actor.reap(worker);
  };

/** Its reaper dies, too; the second one ends what both left. */
export const ringReapers = [
  onRing("death in a send, and of its reaper", [[send(0)], [reap(0)], [reap(1, 0), receive]]),
  onRing("death in a send of two, and of its reaper", [
    [sendMany(0, 2)],
    [reap(0)],
    [reap(1, 0), receive, receive],
  ]),
  onRing(
    "death in a receive of two, and of its reaper",
    [[sentBefore(0, 1), receiveMany], [reap(0)], [reap(1, 0), receive]],
    { inRing: 2 },
  ),
  onRing(
    "death in a receive, and of its reaper",
    [[sentBefore(0), receive], [reap(0)], [reap(1, 0), receive]],
    {
      inRing: 1,
    },
  ),
  onRing(
    "death while a message is held, and of its reaper",
    [[sentBefore(0), takeAndEnd], [reap(0)], [reap(1, 0), receive]],
    { inRing: 1 },
  ),
].map((scenario) => ({ ...scenario, victims: [0, 1], startsAfter: { 1: [0], 2: [1] } }));
