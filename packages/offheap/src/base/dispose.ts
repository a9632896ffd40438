// `Symbol.dispose`, also for programs whose `lib` does not declare it: our declarations name it, and must compile
// there. TypeScript merges this with the same lines in its `lib.esnext.disposable` and in Node's types. It is seen
// by all declarations when one of them imports this file.

declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

/** What `using` ends: TypeScript's `Disposable`, which not every `lib` declares. */
export interface EndsWithScope {
  [Symbol.dispose](): void;
}
