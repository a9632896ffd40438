// The types that the core's dialect adds to TypeScript's: what `asc` compiles to WebAssembly's own.

declare type i32 = number;
declare type bool = boolean;
