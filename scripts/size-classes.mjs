// Prints docs/size-classes.md from the library's own presets. With --check it compares instead of writing.

import { readFileSync, writeFileSync } from "node:fs";
import { SizeClasses } from "offheap";

const page = new URL("../docs/size-classes.md", import.meta.url);

function rows(sizes) {
  return sizes.map((bytes, i) => {
    const smallest = (sizes[i - 1] ?? 0) + 1;
    const alignment = bytes & -bytes;
    const waste = (((bytes - smallest) / bytes) * 100).toFixed(1);
    return `| ${bytes} | ${smallest}–${bytes} | ${alignment} | ${waste} % |`;
  });
}

function table(sizes) {
  return ["| object bytes | requests | alignment | most waste |", "|--:|--:|--:|--:|", ...rows(sizes)].join(
    "\n",
  );
}

const text = `# Size classes

Made by \`node scripts/size-classes.mjs\`. A request rounds up to the next class. *Most waste* is the part of the slot
that the smallest request of the class leaves unused. An object is aligned to the largest power of two that divides
its class.

## \`SizeClasses.fine\`: ${SizeClasses.fine.length} classes

Up to 64 bytes the classes are 8 bytes apart; over 64 bytes at most 12.5 % of a slot is wasted.

${table(SizeClasses.fine)}

## \`SizeClasses.malloc\`: ${SizeClasses.malloc.length} classes

For a pool that serves C: from 9 bytes on every object is aligned to 16; over 112 bytes at most 12.5 % is wasted.

${table(SizeClasses.malloc)}

## \`SizeClasses.powersOfTwo\`: ${SizeClasses.powersOfTwo.length} classes, the default

${table(SizeClasses.powersOfTwo)}
`;

if (process.argv.includes("--check")) {
  if (readFileSync(page, "utf8") !== text) {
    console.error("docs/size-classes.md is not what the presets say: run node scripts/size-classes.mjs");
    process.exit(1);
  }
} else writeFileSync(page, text);
