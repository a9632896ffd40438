// What the module imports from "env", which is the name of this file.

export declare function malloc(size: usize): usize;
export declare function free(address: usize): void;
