// Web Locks as the specification has them, for tests: a queue a name, first come first served; "exclusive" alone,
// "shared" together. Each client is a thread: its requests come late, if told so, and all it has goes when it dies.

import type { LockManager, LockOptions } from "#src/worker/host.js";

interface Request {
  readonly client: object;
  readonly options: LockOptions;
  readonly grant: () => void;
}

export class FakeLocks {
  /** By name: what is held, and who waits. */
  private readonly held = new Map<string, Request[]>();
  private readonly waiting = new Map<string, Request[]>();

  /** A thread's own manager; its requests arrive when `arrival` is over. */
  client(arrival: Promise<void> = Promise.resolve()): LockManager & { die(): void } {
    const client = {};
    let isDead = false;
    return {
      request: async (name, options, granted) => {
        await arrival;
        if (isDead) return new Promise(() => undefined);
        return this.enqueue(name, options, granted, client, () => isDead);
      },
      die: () => {
        isDead = true;
        for (const name of new Set([...this.held.keys(), ...this.waiting.keys()])) {
          for (const list of [this.held, this.waiting])
            list.set(
              name,
              (list.get(name) ?? []).filter((each) => each.client !== client),
            );
          this.serve(name);
        }
      },
    };
  }

  /** Names that somebody holds now. */
  names(): string[] {
    return [...this.held].filter(([, list]) => list.length > 0).map(([name]) => name);
  }

  private enqueue(
    name: string,
    options: LockOptions,
    granted: (lock: unknown) => unknown,
    client: object,
    isDead: () => boolean,
  ): Promise<unknown> {
    return new Promise((resolve) => {
      const request: Request = { client, options, grant: () => void run() };
      const run = async () => {
        await undefined;
        if (isDead()) return;
        const result = await granted({ name, mode: options.mode });
        this.held.set(
          name,
          (this.held.get(name) ?? []).filter((each) => each !== request),
        );
        this.serve(name);
        resolve(result);
      };
      if (options.ifAvailable === true && !this.isFree(name, options.mode)) {
        resolve(granted(null));
        return;
      }
      this.waiting.set(name, [...(this.waiting.get(name) ?? []), request]);
      this.serve(name);
    });
  }

  private isFree(name: string, mode: LockOptions["mode"]): boolean {
    return (this.waiting.get(name) ?? []).length === 0 && this.fits(name, mode);
  }

  private fits(name: string, mode: LockOptions["mode"]): boolean {
    const held = this.held.get(name) ?? [];
    return held.length === 0 || (mode === "shared" && held.every(({ options }) => options.mode === "shared"));
  }

  private serve(name: string): void {
    const queue = this.waiting.get(name) ?? [];
    for (let next = queue[0]; next !== undefined && this.fits(name, next.options.mode); next = queue[0]) {
      queue.shift();
      this.held.set(name, [...(this.held.get(name) ?? []), next]);
      next.grant();
    }
  }
}
