// A text that says its key, who wrote it, and which of its writer's it is: so a reader tells one that is torn, another key's, or
// older than one that it saw before.

/** How long the rest of a text is, by its number. */
export type Length = (count: number) => number;

const usualLength: Length = (count) => count % 60;

/** A text that tells whether it is whole. */
export function textOf(key: string, life: number, count: number, length = usualLength): string {
  return `${key}|${life}|${count}|${"é".repeat(length(count))}`;
}

/** Reads texts: one of a writer's that is older than one that was seen is an error. */
export class Reader {
  private readonly latest = new Map<string, number>();
  private readonly length: Length;

  constructor(length = usualLength) {
    this.length = length;
  }

  /** @throws where it is no text of the key, or an older one */
  see(key: string, text: string): void {
    const [of, life, told] = text.split("|");
    const count = Number(told);
    if (of !== key || text !== textOf(key, Number(life), count, this.length))
      throw new Error(`${key} has ${JSON.stringify(text.slice(0, 1000))}`);
    const seen = this.latest.get(`${key}|${life}`) ?? -1;
    if (count < seen) throw new Error(`${key}: ${count} of ${life} after ${seen}`);
    this.latest.set(`${key}|${life}`, count);
  }
}
