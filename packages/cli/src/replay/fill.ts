// Which words of an object carry its fill: all of them, up to 64 MiB. Of a larger one the first MiB, the last, and
// the first word of each MiB between, so that objects of some GiB are not brought into memory whole.

const denseWords = 2 ** 24;
const strideWords = 2 ** 18;

/** Writes the fill of an object of `wordCount` words, which begins at `first`. */
export function writeFill(u32: Uint32Array, first: number, wordCount: number, fill: number): void {
  const head = wordCount <= denseWords ? wordCount : strideWords;
  u32.fill(fill, first, first + head);
  if (head === wordCount) return;
  for (let word = strideWords; word < wordCount; word += strideWords) u32[first + word] = fill;
  u32.fill(fill, first + wordCount - strideWords, first + wordCount);
}

/** Whether the first `keptCount` words still have what `writeFill` wrote there, when they were `wordCount`. */
export function keepsFill(
  u32: Uint32Array,
  first: number,
  wordCount: number,
  keptCount: number,
  fill: number,
): boolean {
  if (wordCount <= denseWords) return isFilled(u32, first, first + keptCount, fill);
  if (!isFilled(u32, first, first + Math.min(strideWords, keptCount), fill)) return false;
  for (let word = strideWords; word < keptCount; word += strideWords)
    if (u32[first + word] !== fill) return false;
  return isFilled(u32, first + Math.min(wordCount - strideWords, keptCount), first + keptCount, fill);
}

function isFilled(u32: Uint32Array, from: number, to: number, fill: number): boolean {
  for (let word = from; word < to; word++) if (u32[word] !== fill) return false;
  return true;
}
