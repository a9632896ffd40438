// Relative links of Markdown pages: the file must be there, and the heading, too.

import { posix } from "node:path";

/** The pages by their path relative to the root, with slashes; `exists` answers for every other file or folder. */
export function brokenLinks(pages: ReadonlyMap<string, string>, exists: (path: string) => boolean): string[] {
  return [...pages].flatMap(([path, text]) =>
    linksOf(text)
      .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link))
      .filter((link) => !resolves(path, link, pages, exists))
      .map((link) => `${path} links to ${link}`),
  );
}

function resolves(
  from: string,
  link: string,
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): boolean {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? from : posix.join(posix.dirname(from), decodeURI(file));
  if (!pages.has(target) && !exists(target)) return false;
  const page = pages.get(target);
  return anchor === undefined || page === undefined || anchorsOf(page).has(anchor);
}

/** Targets of `[text](target)`, `![text](target)` and `[name]: target`, outside of code. */
function linksOf(text: string): string[] {
  const prose = withoutCode(text).replace(/`[^`\n]*`/g, "");
  const inline = prose.matchAll(/\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g);
  const named = prose.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+"[^"]*")?\s*$/gm);
  return [...inline, ...named].map((match) => match[1] ?? "");
}

/** The anchors of a page's headings, as code hosts make them: lower case, no punctuation, dashes for spaces. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutCode(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading
      .replace(/\]\([^)]*\)/g, "]")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function withoutCode(text: string): string {
  return text.replace(/^( {0,3})(```|~~~)[\s\S]*?^ {0,3}\2/gm, "");
}
