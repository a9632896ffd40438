// Integer arithmetic that JavaScript leaves to us. Values over 2^31 never meet a bit operator here.

export function divideUp(value: number, unit: number): number {
  return Math.ceil(value / unit);
}

export function alignUp(value: number, unit: number): number {
  return divideUp(value, unit) * unit;
}

export function alignDown(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Number of zero bits below the lowest set bit; 32 for 0. */
export function trailingZeros(word: number): number {
  return word === 0 ? 32 : 31 - Math.clz32(word & -word);
}

/**
 * The inverse of an odd number modulo 2^32, by Newton's iteration: each step doubles the right bits
 * (Warren, Hacker's Delight, 2nd edition, section 10-16).
 */
export function oddInverse(odd: number): number {
  let inverse = odd;
  for (let step = 0; step < 4; step++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}
