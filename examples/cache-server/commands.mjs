// The commands: each looks at its arguments where they are, and writes one reply.

import { integerOf, latin1Of } from "./stores.mjs";

const notInteger = "ERR value is not an integer or out of range";
const syntax = "ERR syntax error";

/** What a request is to a command: its arguments as views that are good until the next request. */
class Request {
  bytes;
  parser;

  view(index) {
    return this.bytes.subarray(this.parser.starts[index], this.parser.ends[index]);
  }

  get count() {
    return this.parser.count;
  }

  /** A word of an option, in capitals. */
  word(index) {
    return latin1Of(this.view(index)).toUpperCase();
  }
}

/** Capitals or not, up to ten letters: one number for each name. 0 for what is no name. */
function codeOf(bytes, start, end) {
  if (end - start > 10) return 0;
  let code = 0;
  for (let at = start; at < end; at++) {
    const letter = bytes[at] & ~32;
    if (letter < 65 || letter > 90) return 0;
    code = code * 32 + (letter - 64);
  }
  return code;
}

/** As redis does: first the words, then the number. `undefined`: wrong, and answered. */
function setOptions(request, replies) {
  let [only, unit, numberAt] = [undefined, undefined, 0];
  for (let i = 3; i < request.count; i++) {
    const word = request.word(i);
    if ((word === "NX" || word === "XX") && (only ?? word) === word) only = word;
    else if ((word === "EX" || word === "PX") && unit === undefined && i + 1 < request.count) {
      unit = word === "EX" ? 1000 : 1;
      numberAt = ++i;
    } else return void replies.error(syntax);
  }
  if (unit === undefined) return { only };
  const number = integerOf(request.view(numberAt));
  if (number === undefined) return void replies.error(notInteger);
  const milliseconds = number * unit;
  if (milliseconds > 0 && Number.isSafeInteger(milliseconds)) return { only, milliseconds };
  return void replies.error("ERR invalid expire time in 'set' command");
}

function countOf(request, holds) {
  let count = 0;
  for (let i = 1; i < request.count; i++) if (holds(request.view(i))) count++;
  return count;
}

const commands = {
  PING: [
    1,
    2,
    (_, request, replies) => (request.count === 2 ? replies.bulk(request.view(1)) : replies.line("+PONG")),
  ],
  ECHO: [2, 2, (_, request, replies) => replies.bulk(request.view(1))],
  GET: [2, 2, ({ store }, request, replies) => replies.bulk(store.get(request.view(1)))],
  SET: [
    3,
    7,
    ({ store }, request, replies) => {
      const options = request.count === 3 ? {} : setOptions(request, replies);
      if (options === undefined) return;
      const { only, milliseconds } = options;
      if (store.set(request.view(1), request.view(2), milliseconds, only)) replies.line("+OK");
      else replies.bulk(undefined);
    },
  ],
  DEL: [
    2,
    Infinity,
    ({ store }, request, replies) => replies.integer(countOf(request, (key) => store.delete(key))),
  ],
  EXISTS: [
    2,
    Infinity,
    ({ store }, request, replies) => replies.integer(countOf(request, (key) => store.has(key))),
  ],
  INCR: [
    2,
    2,
    ({ store }, request, replies) => {
      const sum = store.increment(request.view(1), 1);
      if (sum === undefined) replies.error(notInteger);
      else replies.integer(sum);
    },
  ],
  EXPIRE: [
    3,
    3,
    ({ store }, request, replies) => {
      const seconds = integerOf(request.view(2));
      if (seconds === undefined || !Number.isSafeInteger(seconds * 1000)) return replies.error(notInteger);
      replies.integer(store.expire(request.view(1), seconds * 1000) ? 1 : 0);
    },
  ],
  TTL: [
    2,
    2,
    ({ store }, request, replies) => {
      const milliseconds = store.remaining(request.view(1));
      replies.integer(milliseconds < 0 ? milliseconds : Math.round(milliseconds / 1000));
    },
  ],
  MGET: [
    2,
    Infinity,
    ({ store }, request, replies) => {
      replies.line(`*${request.count - 1}`);
      for (let i = 1; i < request.count; i++) replies.bulk(store.get(request.view(i)));
    },
  ],
  MSET: [
    3,
    Infinity,
    ({ store }, request, replies) => {
      if (request.count % 2 === 0) return replies.error("ERR wrong number of arguments for 'mset' command");
      for (let i = 1; i < request.count; i += 2) store.set(request.view(i), request.view(i + 1));
      replies.line("+OK");
    },
  ],
  DBSIZE: [1, 1, ({ store }, _, replies) => replies.integer(store.size)],
  FLUSHALL: [
    1,
    1,
    ({ store }, _, replies) => {
      store.clear();
      replies.line("+OK");
    },
  ],
  INFO: [1, 2, ({ info }, _, replies) => replies.bulk(Buffer.from(info()))],
  COMMAND: [1, Infinity, (_, __, replies) => replies.line("*0")],
  CONFIG: [2, Infinity, (_, __, replies) => replies.line("*0")],
  QUIT: [
    1,
    1,
    (_, __, replies) => {
      replies.line("+OK");
      return "close";
    },
  ],
};

const byCode = new Map(
  Object.entries(commands).map(([name, [least, most, run]]) => {
    const bytes = Buffer.from(name);
    return [codeOf(bytes, 0, bytes.length), { name, least, most, run }];
  }),
);

const request = new Request();

/** Answers the request that the parser has found. "close" when the connection is to end after the reply. */
export function answer(server, bytes, parser, replies) {
  request.bytes = bytes;
  request.parser = parser;
  const command = byCode.get(codeOf(bytes, parser.starts[0], parser.ends[0]));
  if (command === undefined) {
    const name = latin1Of(request.view(0).subarray(0, 64));
    return replies.error(`ERR unknown command '${name}'`);
  }
  const { name, least, most, run } = command;
  if (parser.count < least || parser.count > most)
    return replies.error(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
  const { length } = replies;
  try {
    return run(server, request, replies);
  } catch (error) {
    // A store that refuses: the client is told, in place of half a reply, and the connection goes on.
    replies.length = length;
    replies.error(`ERR ${error.code === "ERR_OUT_OF_MEMORY" ? "out of memory" : error.message}`);
  }
}
