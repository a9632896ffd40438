// offheap/map: keys and values that workers share.

export type { KeyName, KeyTypes } from "./keys.ts";
export { type MapHandle, SharedMap } from "./map.ts";
export type { KeyOf, MapOptions, ValueOf } from "./place.ts";
export type { AnyCodec, Codec, ValueName, ValueTypes } from "./values.ts";
