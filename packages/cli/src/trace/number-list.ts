// A growing list of integers: a trace has too many operations for an array of numbers. They take 32 bits each
// until one comes that needs more; from then on all are doubles, exact up to 2^53.

export type Numbers = Int32Array | Float64Array;

export class NumberList {
  #values: Numbers = new Int32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#values instanceof Int32Array && value !== (value | 0)) this.#widen();
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = value;
  }

  toArray(): Numbers {
    return this.#values.slice(0, this.#length);
  }

  #widen(): void {
    this.#values = Float64Array.from(this.#values);
  }

  #grow(): void {
    const length = this.#values.length * 2;
    const larger = this.#values instanceof Int32Array ? new Int32Array(length) : new Float64Array(length);
    larger.set(this.#values);
    this.#values = larger;
  }
}
