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

/**
 * What heaps and regions are ended by. Where an engine has no `Symbol.dispose` it is the symbol that compilers of
 * `using` (esbuild, Babel) look for instead; a member named by the missing one would be called "undefined".
 */
export const dispose: typeof Symbol.dispose =
  (Symbol as { readonly dispose?: typeof Symbol.dispose }).dispose ??
  (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
