// An AssemblyScript program without a heap of its own: words that come and go in a chained table, vectors that
// grow by realloc and are sorted with a calloc'ed copy. Checks what it reads, frees everything, and returns a
// checksum that depends on its seed alone.

import { aligned_alloc, calloc, free, malloc, realloc } from "./env";

@unmanaged
class Word {
  next: Word | null;
  key: u32;
  bytes: u32;
  text: usize;
}

let random: u64 = 0;

function draw(below: u32): u32 {
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  return u32(random >> 32) % below;
}

function mix(sum: u32, value: u32): u32 {
  return (sum ^ value) * 16777619;
}

function makeWord(key: u32, next: Word | null): Word {
  const word = changetype<Word>(malloc(offsetof<Word>()));
  word.next = next;
  word.key = key;
  word.bytes = 1 + (key % 700);
  word.text = malloc(word.bytes);
  memory.fill(word.text, u8(key), word.bytes);
  return word;
}

function endWord(word: Word, sum: u32): u32 {
  for (let i: u32 = 0; i < word.bytes; i++) assert(load<u8>(word.text + i) === u8(word.key));
  const key = word.key;
  free(word.text);
  free(changetype<usize>(word));
  return mix(sum, key);
}

/** Puts a word into the table, or takes it out when it is there. */
function toggle(table: usize, buckets: u32, key: u32, sum: u32): u32 {
  let at = table + ((key % buckets) << alignof<usize>());
  for (let word = load<usize>(at); word !== 0; word = load<usize>(at)) {
    const found = changetype<Word>(word);
    if (found.key === key) {
      store<usize>(at, changetype<usize>(found.next));
      return endWord(found, sum);
    }
    at = word + offsetof<Word>("next");
  }
  store<usize>(at, changetype<usize>(makeWord(key, null)));
  return sum;
}

function sort(from: usize, to: usize, spare: usize): void {
  const count = (to - from) >> 2;
  if (count < 2) return;
  const middle = from + ((count >> 1) << 2);
  sort(from, middle, spare);
  sort(middle, to, spare);
  let left = from;
  let right = middle;
  for (let out = spare; out < spare + (to - from); out += 4) {
    const takeLeft = right >= to || (left < middle && load<u32>(left) <= load<u32>(right));
    store<u32>(out, load<u32>(takeLeft ? left : right));
    if (takeLeft) left += 4;
    else right += 4;
  }
  memory.copy(from, spare, to - from);
}

function sortedVector(length: u32, sum: u32): u32 {
  let vector: usize = 0;
  let room: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    if (i === room) {
      room = room * 2 + 1;
      vector = realloc(vector, room << 2);
    }
    store<u32>(vector + (i << 2), draw(1 << 30));
  }
  const spare = calloc(length, 4);
  for (let i: u32 = 0; i < length; i++) assert(load<u32>(spare + (i << 2)) === 0);
  sort(vector, vector + (length << 2), spare);
  for (let i: u32 = 1; i < length; i++)
    assert(load<u32>(vector + ((i - 1) << 2)) <= load<u32>(vector + (i << 2)));
  sum = mix(sum, load<u32>(vector + ((length >> 1) << 2)));
  free(spare);
  free(vector);
  return sum;
}

export function churn(seed: u32, steps: u32): u32 {
  const buckets: u32 = 256;
  random = 0x9e3779b97f4a7 + u64(seed);
  let sum: u32 = 2166136261;
  const table = calloc(buckets, sizeof<usize>());
  for (let step: u32 = 0; step < steps; step++) {
    if (draw(50) > 0) sum = toggle(table, buckets, draw(3000), sum);
    else sum = sortedVector(1 + draw(4000), sum);
  }
  const aligned = aligned_alloc(4096, 100);
  assert((aligned & 4095) === 0);
  free(aligned);
  for (let i: u32 = 0; i < buckets; i++) {
    let word = changetype<Word | null>(load<usize>(table + (i << alignof<usize>())));
    while (word) {
      const next = word.next;
      sum = endWord(word, sum);
      word = next;
    }
  }
  free(table);
  return sum;
}
