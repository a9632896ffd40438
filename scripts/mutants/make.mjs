// Makes the mutants of one compiled file, each with one change:
//
//   downgrade   an atomic becomes the plain load, store or load-and-store of the same words
//   drop        an atomic write, a plain store to shared memory, or a call for its effect is left out
//   pretend     a compare-exchange answers "done" and does nothing
//   skip        an `if` that looks at shared memory before it acts does not act
//   swap        two neighbouring statements that write shared memory change places

import { parse } from "@babel/parser";

const shared =
  /\b(words|states|wide)\[|atomics|claimOf|swapClaim|storeClaim|mapOf|\bhas\(|holds|this\.read\(|\.claim\(|notClaimed|isLive|readJournal|stands\(|isListed|roundCountIn|straysOf/;
const isShared = (text) => shared.test(text);

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

export function mutantsOf(file, text) {
  const { program } = parse(text, { sourceType: "module" });
  const source = (node) => text.slice(node.start, node.end);
  const mutants = [];
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
    if (node.type === "CallExpression") mutateCall(node, where, source, add);
    if (node.type === "ExpressionStatement" && isWrite(node.expression, source))
      add(node, where, "drop", ";");
    if (node.type === "IfStatement" && isShared(source(node.test))) {
      add(node.test, where, "skip", "false");
    }
    if (node.type === "BlockStatement") swapNeighbours(node, where, source, add);
  }
  return mutants;
}

function mutateCall(node, where, source, add) {
  const { callee } = node;
  if (callee.type !== "MemberExpression") return;
  const name = callee.property.name;
  const args = node.arguments.map(source);
  if (/\batomics$/.test(source(callee.object))) {
    add(node, where, "downgrade", plain[name](...args));
    if (without[name] !== undefined) add(node, where, "drop", without[name](...args));
    if (name.startsWith("swap")) add(node, where, "pretend", "true");
  } else if (name === "swapClaim" || name === "swap" || name === "win") add(node, where, "pretend", "true");
}

/** A statement that stores into shared memory, or that is a call whose result nobody takes. */
function isWrite(expression, source) {
  if (expression.type === "CallExpression")
    return (
      !source(expression.callee).startsWith("super") && !/atomics\.store$/.test(source(expression.callee))
    );
  if (expression.type !== "AssignmentExpression" || expression.left.type !== "MemberExpression") return false;
  return expression.left.computed && /\b(words|states)$/.test(source(expression.left.object));
}

function swapNeighbours(block, where, source, add) {
  for (let i = 1; i < block.body.length; i++) {
    const [first, second] = [block.body[i - 1], block.body[i]];
    const both = [first, second].every(
      (node) => node.type === "ExpressionStatement" && isWrite(node.expression, source),
    );
    if (!both) continue;
    const span = { start: first.start, end: second.end };
    add(span, where, "swap", `${source(second)}\n${source(first)}`);
  }
}
