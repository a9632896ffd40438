// Makes the mutants of one compiled file, each with one change:
//
//   downgrade   an atomic becomes the plain load, store or load-and-store of the same words
//   drop        an atomic write, a plain store to shared memory, or a call for its effect is left out
//   pretend     an exchange answers "done" and does nothing
//   skip        an `if` that looks at shared memory before it acts does not act
//   swap        two neighbouring statements that write shared memory change places
//
// The shell does so by `atomics.…` and views, the core by the verbs of core/target/access.ts. An atomic load of the core stays one:
// the model of memory knows no early loads, so no schedule tells it from a plain one.

import { parse } from "@babel/parser";

/** Verbs of the core, and what stands on them, that look at shared memory. */
const looks =
  /\b(load(32|8|Quad|Cell)|atomicLoad32|glance32|stampLoaded|ownerIn|ownerAt|tookPlace|isAsSeen|holdEntry|isMarked|isThere|isRing|isWithin)\(/;
/** What tries an exchange, and says whether it took place. */
const tries =
  /^(swapClaim|swap|win|compareExchange32|compareExchange8|exchangeCell|exchange|swapCell|swapOwner|passTo|takeOut)$/;
const plainStore = /^store(32|8|Quad)\(/;
const shared =
  /\b(words|states|wide)\[|atomics|claimOf|swapClaim|storeClaim|mapOf|\bhas\(|holds|this\.read\(|\.claim\(|notClaimed|isLive|readJournal|stands\(|isListed|roundCountIn|straysOf/;
const isShared = (text) => shared.test(text) || looks.test(text);

function children(node) {
  return Object.entries(node)
    .filter(([key]) => key !== "loc" && key !== "leadingComments" && key !== "trailingComments")
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
    .filter((value) => typeof value?.type === "string");
}

/** Every node below, with the name of the function that it stands in. */
function* walk(node, where = "") {
  const named = node.type === "ClassMethod" || node.type === "ObjectMethod" ? node.key.name : node.id?.name;
  const isNamed = [
    "ClassMethod",
    "ClassPrivateMethod",
    "FunctionDeclaration",
    "FunctionExpression",
    "ObjectMethod",
  ].includes(node.type);
  const inside = isNamed ? (named ?? where) : where;
  // The verbs themselves are what all else is made of.
  if (inside === "verbsOver") return;
  yield [node, inside];
  for (const child of children(node)) yield* walk(child, inside);
}

const plain = {
  load: (w, i) => `${w}[${i}]`,
  loadWide: (w, i) => `${w}[${i}]`,
  store: (w, i, v) => `(${w}[${i}] = ${v})`,
  swap: (...args) => plainSwap(args),
  swapByte: (...args) => plainSwap(args),
  swapWide: (...args) => plainSwap(args),
  or: (...args) => plainChange(args, "old | by"),
  and: (...args) => plainChange(args, "old & by"),
  add: (...args) => plainChange(args, "(old + by) | 0"),
};
/** Verbs of the core. */
const plainVerbs = {
  compareExchange32: (at, was, will) =>
    `(load32(${at}) === (${was}) ? (store32(${at}, ${will}), true) : false)`,
  compareExchange8: (at, was, will) => `(load8(${at}) === (${was}) ? (store8(${at}, ${will}), true) : false)`,
  exchangeCell: (at, value, stamp, next, own) =>
    `(load32(${at}) === (${value}) && load32((${at}) + 4) === (${stamp}) ? (store32(${at}, ${next}), store32((${at}) + 4, ${own}), true) : false)`,
  atomicStore32: (at, value) => `store32(${at}, ${value})`,
  or32: (at, bits) => plainVerb(at, `old | (${bits})`),
  and32: (at, bits) => plainVerb(at, `old & (${bits})`),
  add32: (at, delta) => plainVerb(at, `(old + (${delta})) | 0`),
};
const without = {
  store: () => "void 0",
  or: (w, i) => `${w}[${i}]`,
  and: (w, i) => `${w}[${i}]`,
  add: (w, i) => `${w}[${i}]`,
};

function plainSwap(args) {
  return `((at, i, was, will) => at[i] === was ? (at[i] = will, true) : false)(${args.join(", ")})`;
}

function plainChange(args, result) {
  return `((at, i, by) => { const old = at[i]; at[i] = ${result}; return old; })(${args.join(", ")})`;
}

function plainVerb(at, result) {
  return `((at) => { const old = load32(at); store32(at, ${result}); return old; })(${at})`;
}

export function mutantsOf(file, text) {
  const { program } = parse(text, { sourceType: "module" });
  const source = (node) => text.slice(node.start, node.end);
  const mutants = [];
  /** Calls whose result nobody takes: to pretend that they did something is the same. */
  const dropped = new Set();
  const add = (node, where, what, replacement) => {
    const before = source(node).replace(/\s+/g, " ");
    mutants.push({
      file,
      where,
      what,
      before: before.length > 90 ? `${before.slice(0, 89)}…` : before,
      text: text.slice(0, node.start) + replacement + text.slice(node.end),
    });
  };
  for (const [node, where] of walk(program)) {
    if (where === "" || where === "constructor") continue;
    if (node.type === "CallExpression") mutateCall(node, where, source, add, dropped.has(node));
    if (node.type === "ExpressionStatement" && isWrite(node.expression, source)) {
      add(node, where, "drop", ";");
      dropped.add(node.expression);
    }
    if (node.type === "IfStatement" && isShared(source(node.test)) && !isNegatedTry(node.test))
      add(node.test, where, "skip", "false");
    if (node.type === "BlockStatement") swapNeighbours(node, where, source, add);
  }
  return mutants;
}

/** To skip it is to pretend that it took place. */
function isNegatedTry({ type, operator, argument }) {
  return type === "UnaryExpression" && operator === "!" && tries.test(argument.callee?.name ?? "");
}

function mutateCall(node, where, source, add, isDropped) {
  const { callee } = node;
  const args = node.arguments.map(source);
  if (callee.type === "Identifier") {
    const { name } = callee;
    if (Object.hasOwn(plainVerbs, name)) add(node, where, "downgrade", plainVerbs[name](...args));
    if (tries.test(name) && !isDropped) add(node, where, "pretend", "true");
    return;
  }
  if (callee.type !== "MemberExpression") return;
  const name = callee.property.name;
  if (/\batomics$/.test(source(callee.object))) {
    add(node, where, "downgrade", plain[name](...args));
    if (without[name] !== undefined) add(node, where, "drop", without[name](...args));
    if (name.startsWith("swap")) add(node, where, "pretend", "true");
  } else if (tries.test(name) && !isDropped) add(node, where, "pretend", "true");
}

/** A statement that stores into shared memory, or that is a call whose result nobody takes. */
function isWrite(expression, source) {
  if (expression.type === "CallExpression")
    return (
      !source(expression.callee).startsWith("super") && !/atomics\.store$/.test(source(expression.callee))
    );
  if (expression.type !== "AssignmentExpression" || expression.left.type !== "MemberExpression") return false;
  return expression.left.computed && /\b(words|states|whole|i32)$/.test(source(expression.left.object));
}

/** Of a row of the core's plain stores only the last two: what stands last says that the others hold. */
function swapNeighbours(block, where, source, add) {
  const { body } = block;
  const isPlain = (node) => node !== undefined && plainStore.test(source(node));
  for (let i = 1; i < body.length; i++) {
    const [first, second, third] = [body[i - 1], body[i], body[i + 1]];
    const both = [first, second].every(
      (node) => node.type === "ExpressionStatement" && isWrite(node.expression, source),
    );
    if (!both || [first, second, third].every(isPlain)) continue;
    const span = { start: first.start, end: second.end };
    add(span, where, "swap", `${source(second)}\n${source(first)}`);
  }
}
