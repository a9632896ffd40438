/**
 * SIEVE (Zhang and others, NSDI 2024): one list in order of arrival, one bit an entry, and a hand that goes from the oldest to the
 * newest. A hit sets the bit. The hand clears bits as it passes, and evicts where the bit is clear; entries keep their places.
 *
 *   sieveList: the list of the paper, doubly linked
 *   sieveRows: two rows and no links. The hand takes from the front of `ahead`; what stays goes to the end of `behind`; what
 *   is new goes to the end of `ahead`. When `ahead` is empty, the two change places. behind + ahead = the list, so both
 *   policies decide alike at every request (a test holds that).
 */
import { type Policy, Row } from "./policy.ts";

const NONE = -1;

export function sieveList(capacity: number, keyCount: number): Policy {
  const older = new Int32Array(keyCount).fill(NONE);
  const newer = new Int32Array(keyCount).fill(NONE);
  const present = new Uint8Array(keyCount);
  const visited = new Uint8Array(keyCount);
  let [oldest, newest, hand, size] = [NONE, NONE, NONE, 0];
  const evict = (): void => {
    let key = hand === NONE ? oldest : hand;
    while (visited[key] === 1) {
      visited[key] = 0;
      key = newer[key] === NONE ? oldest : newer[key];
    }
    const [before, after] = [older[key], newer[key]];
    if (before === NONE) oldest = after;
    else newer[before] = after;
    if (after === NONE) newest = before;
    else older[after] = before;
    hand = after;
    present[key] = 0;
    size--;
  };
  return {
    request(key) {
      if (present[key] === 1) {
        visited[key] = 1;
        return true;
      }
      if (size === capacity) evict();
      present[key] = 1;
      older[key] = newest;
      newer[key] = NONE;
      if (newest === NONE) oldest = key;
      else newer[newest] = key;
      newest = key;
      size++;
      return false;
    },
    get size() {
      return size;
    },
  };
}

const [ABSENT, PRESENT, VISITED] = [0, 1, 2];

export function sieveRows(capacity: number, keyCount: number): Policy {
  const state = new Uint8Array(keyCount);
  let [ahead, behind] = [new Row(capacity), new Row(capacity)];
  const turn = (): void => {
    if (ahead.length === 0) [ahead, behind] = [behind, ahead];
  };
  const evict = (): void => {
    for (;;) {
      const key = ahead.shift();
      const visited = state[key] === VISITED;
      if (visited) {
        state[key] = PRESENT;
        behind.push(key);
      } else state[key] = ABSENT;
      turn();
      if (!visited) return;
    }
  };
  return {
    request(key) {
      if (state[key] !== ABSENT) {
        state[key] = VISITED;
        return true;
      }
      if (ahead.length + behind.length === capacity) evict();
      state[key] = PRESENT;
      ahead.push(key);
      return false;
    },
    get size() {
      return ahead.length + behind.length;
    },
  };
}
