// Whether a history of calls on one key is linearizable: each call takes effect at one instant between its begin and its end, and
// what it returned is what a key alone would have returned then (Wing & Gong 1993, with the states seen kept: Lowe 2017).
//
//   state   the key's value, undefined where it has none
//   a call may be the next one  ⇔  no call that is left has ended before it began

export type Value = number | undefined;

export type KeyCall =
  | { readonly name: "get"; readonly got: Value }
  | { readonly name: "set"; readonly value: number }
  | { readonly name: "insert"; readonly value: number; readonly isIn: boolean }
  | { readonly name: "replace"; readonly expected: number; readonly value: number; readonly isIn: boolean }
  | { readonly name: "delete"; readonly wasThere: boolean }
  | { readonly name: "increment"; readonly by: number; readonly sum: number };

/** A call with the stamps of its begin and its end; those of all calls of all threads differ. */
export type Stamped = KeyCall & { readonly begin: number; readonly end: number };

/** What the key has behind a call; `no` where it would have returned something else. */
const no = "no";
function after(state: Value, call: KeyCall): Value | typeof no {
  switch (call.name) {
    case "get":
      return call.got === state ? state : no;
    case "set":
      return call.value;
    case "insert":
      if (call.isIn !== (state === undefined)) return no;
      return call.isIn ? call.value : state;
    case "replace":
      if (call.isIn !== (state === call.expected)) return no;
      return call.isIn ? call.value : state;
    case "delete":
      return call.wasThere === (state !== undefined) ? undefined : no;
    case "increment":
      return (state ?? 0) + call.by === call.sum ? call.sum : no;
  }
}

interface Step {
  readonly index: number;
  readonly state: Value;
}

class Search {
  private readonly calls: readonly Stamped[];
  private readonly isTaken: boolean[];
  private readonly seen = new Set<string>();
  /** All calls before it were taken. */
  private first = 0;
  /** None behind it was ever taken. */
  private last = 0;

  constructor(history: readonly Stamped[]) {
    this.calls = [...history].sort((a, b) => a.begin - b.begin);
    this.isTaken = this.calls.map(() => false);
  }

  /** An order of the calls, by their place in order of begins; undefined where there is none. */
  run(state: Value): Step[] | undefined {
    const steps: Step[] = [];
    let now = state;
    let from = 0;
    while (steps.length < this.calls.length) {
      const step = this.next(now, from);
      if (step !== undefined) {
        this.take(step.index, true);
        steps.push({ index: step.index, state: now });
        now = step.state;
        from = this.first;
        continue;
      }
      const last = steps.pop();
      if (last === undefined) return undefined;
      this.take(last.index, false);
      now = last.state;
      from = last.index + 1;
    }
    return steps;
  }

  private take(index: number, isTaken: boolean): void {
    this.isTaken[index] = isTaken;
    if (!isTaken) this.first = Math.min(this.first, index);
    while (this.isTaken[this.first] === true) this.first++;
  }

  /** The next call from a place on that may come now and leads to something that was not tried. */
  private next(state: Value, from: number): Step | undefined {
    const { calls, isTaken } = this;
    let soonest = Number.POSITIVE_INFINITY;
    for (let index = this.first; index < calls.length; index++) {
      const call = calls[index] as Stamped;
      if (isTaken[index]) continue;
      if (call.begin > soonest) return undefined;
      soonest = Math.min(soonest, call.end);
      const then = index < from ? no : after(state, call);
      if (then !== no && this.isNew(index, then)) return { index, state: then };
    }
    return undefined;
  }

  private isNew(index: number, state: Value): boolean {
    this.last = Math.max(this.last, index);
    const ahead: number[] = [];
    for (let i = this.first; i <= this.last; i++) if (this.isTaken[i] || i === index) ahead.push(i);
    const key = `${this.first} ${ahead.join(" ")} ${state}`;
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    return true;
  }
}

/** Whether there is such an order, of a key that has a value, or none, at first. */
export function isLinearizable(history: readonly Stamped[], first: Value = undefined): boolean {
  return new Search(history).run(first) !== undefined;
}
