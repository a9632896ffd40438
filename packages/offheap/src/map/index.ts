// offheap/map: keys and values that workers share. public.ts has what a program sees of it.

export { type KeyKind, keyKindOf, type KeyName, type KeyTypes, type Views } from "./keys.ts";
export {
  type AnyCodec,
  checkCalled,
  checkInto,
  type Codec,
  type Encoded,
  type ValueKind,
  valueKindOf,
  type ValueName,
  type ValueTypes,
} from "./values.ts";
export { createMap, type KeyOf, type MapOptions, mapOrRefusal, type Place, type ValueOf } from "./place.ts";
export { came, type Seen } from "./found-entries.ts";
export { Entries, how } from "./entries.ts";
export { endMap } from "./frozen.ts";
export { entriesOf, type MapHandle, SharedMap } from "./map.ts";
