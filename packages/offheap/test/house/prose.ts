// What the pages say, as far as a program can hold it: names that exist, sentences that end.

/** A name in backticks, and where it stands. */
export interface Named {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/** What a page may name: files, npm scripts, and names that the sources or their hosts declare. */
export interface Known {
  /** Paths relative to the root. */
  readonly files: readonly string[];
  readonly scripts: readonly string[];
  readonly names: ReadonlySet<string>;
  /** Of a class, an interface or an object. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  /** Options of commands, with their dashes. */
  readonly flags: ReadonlySet<string>;
}

const fileEndings = "ts|mjs|js|json|md|c|h|html|sql|lua|py|gz|wasm|cpuprofile";
const filePattern = new RegExp(`^[\\w@.*/-]*[\\w*-]\\.(?:${fileEndings})$`);
const folderPattern = /^\.?[\w-]+(?:\/[\w-]+)*\/$/;

/** All that stands in backticks outside of blocks of code. */
export function namedIn(page: string, text: string): Named[] {
  const prose = withoutBlocks(text);
  return [...prose.matchAll(/(`+)(?!`)([^`]+)\1(?!`)/g)].map((match) => ({
    page,
    line: prose.slice(0, match.index).split("\n").length,
    text: (match[2] ?? "").replace(/\s+/g, " ").trim(),
  }));
}

/** What of it is nowhere. */
export function unknownNames(named: readonly Named[], known: Known): string[] {
  return named.flatMap(({ page, line, text }) =>
    missingOf(page, text, known).map((name) => `${page}:${line} names ${name}`),
  );
}

function missingOf(page: string, text: string, known: Known): string[] {
  const words = text.split(/\s+/);
  const scripts = [...text.matchAll(/\bnpm run (?:--\S+ )*([\w:-]+)/g)].map(([, name = ""]) => name);
  const missing = scripts.filter((name) => !known.scripts.includes(name)).map((name) => `npm run ${name}`);
  const isCommand = /^(?:npm|node|npx|bash|bun|deno|offheap|clang|apt-get) /.test(text);
  for (const word of words) {
    const isFile = filePattern.test(word) || folderPattern.test(word);
    if (isFile && !isThere(page, word, known.files)) missing.push(word);
    const flag = /^--[a-z][\w-]*/.exec(word)?.[0];
    if (flag !== undefined && !known.flags.has(flag) && !known.names.has(flag.slice(2))) missing.push(flag);
    if (isFile || isCommand || word.startsWith("-")) continue;
    const names = word.match(/(?<![\w$-])[A-Za-z_$][\w$]*(?:-[A-Za-z][\w$]*)*/g) ?? [];
    missing.push(...names.filter((name) => !isKnown(name, known.names)));
    for (const [pair, owner = "", member = ""] of word.matchAll(/\b(\w+)\.(\w+)/g))
      if (known.names.has(member) && known.members.get(owner)?.has(member) === false) missing.push(pair);
  }
  return missing;
}

/** One letter, and capitals, stand for something else. Words with dashes are known as a whole or part by part. */
function isKnown(name: string, names: ReadonlySet<string>): boolean {
  const isPart = (part: string) => part.length === 1 || /^[A-Z]+$/.test(part) || names.has(part);
  return names.has(name) || name.split("-").every(isPart);
}

/** From the root, from the page, from where the package has its sources and tests, or by a name that only one file has. */
function isThere(page: string, path: string, files: readonly string[]): boolean {
  const folder = page.includes("/") ? page.slice(0, page.lastIndexOf("/") + 1) : "";
  const library = "packages/offheap/";
  const bases = ["", folder, library, `${library}src/`, `${library}test/`];
  const isFolder = path.endsWith("/");
  const pattern = path.replace(/[.]/g, "\\.").replace(/\*+/g, ".*");
  const isAt = bases.some((base) => {
    const whole = new RegExp(`^${base}${pattern}${isFolder ? "" : "$"}`);
    return files.some((file) => whole.test(file));
  });
  return isAt || (!path.includes("/") && files.filter((file) => file.endsWith(`/${path}`)).length === 1);
}

/** Sentences of more words than `most`. What stands in backticks is one word; a table's cell ends its sentence. */
export function longSentences(page: string, text: string, most: number): string[] {
  return sentencesOf(text).flatMap((sentence) => {
    const count = sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
    return count > most ? [`${page} has a sentence of ${count} words: ${sentence.slice(0, 60)}…`] : [];
  });
}

function sentencesOf(text: string): string[] {
  const plain = withoutBlocks(text)
    .replace(/`[^`]*`/g, "code")
    .replace(/\]\([^)]*\)/g, "]")
    .replace(/[*_]{1,2}/g, "");
  return plain
    .split(/\n\s*\n|\n(?=\s*(?:[-#|]|\d+\.) ?)|(?<!\\)\|/)
    .flatMap((part) => part.split(/(?<=[.!?]["”)]?)\s+| · /))
    .map((sentence) => sentence.trim().replace(/\s+/g, " "));
}

/** The text without what is fenced or indented as code; each line stays where it is. */
function withoutBlocks(text: string): string {
  const blank = (block: string) => block.replace(/[^\n]/g, "");
  return text
    .replace(/^( {0,3})(```|~~~)[\s\S]*?^ {0,3}\2.*$/gm, blank)
    .replace(/(?<=\n\n)(?: {4}[^\n]*\n)+/g, blank);
}
