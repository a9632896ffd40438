// What scripts/core.mjs makes of the core for WebAssembly, two hexadecimal digits a byte.

/** The module that imports a shared memory. */
export declare const sharedModule: string;
/** Which module that is: no other has the same. */
export declare const moduleId: string;
/** In place of these of its bytes: the module that imports a memory which is not shared. */
export declare const localPatch: { readonly from: number; readonly to: number; readonly bytes: string };
