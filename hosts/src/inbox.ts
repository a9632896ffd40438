// Messages in order: those that nobody waits for yet, and those who wait.

interface Waiting {
  resolve(message: unknown): void;
  reject(error: Error): void;
}

export class Inbox {
  private readonly messages: unknown[] = [];
  private readonly waiting: Waiting[] = [];
  private failure: Error | undefined;

  put(message: unknown): void {
    const first = this.waiting.shift();
    if (first) first.resolve(message);
    else this.messages.push(message);
  }

  /** Nothing more comes: who waits, now or later, hears why. */
  fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  next(): Promise<unknown> {
    if (this.messages.length > 0) return Promise.resolve(this.messages.shift());
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }
}
