/** Ways to keep records, each with loops of its own, so that each is compiled for what it works on. */
import { SlabAllocator } from "offheap";
import { f64, Records, struct, u32 } from "offheap/records";
import type { RecordsRequest } from "./protocol.ts";

export interface Keeper {
  create(count: number): void;
  /** Reads and writes of one record, through what stands at it. */
  readStanding(steps: number): number;
  writeStanding(steps: number): void;
  /** Of records at places in the set, each looked up by what it is known by. */
  readEach(places: Int32Array, rounds: number): number;
  writeEach(places: Int32Array, rounds: number): void;
  /** Moves every record: two fields written, four read. */
  iterate(): void;
  freeAll(): void;
}

const DT = 1 / 64;

class Mover {
  id: number;
  team = 0;
  x: number;
  y: number;
  vx: number;
  vy: number;
  hp: number;
  time: number;

  constructor(id: number) {
    this.id = id;
    this.x = id + 0.5;
    this.y = id + 0.25;
    this.vx = id + 0.125;
    this.vy = id + 0.75;
    this.hp = id + 0.375;
    this.time = id + 0.625;
  }
}

interface Moving {
  team: number;
  x: number;
  y: number;
  readonly vx: number;
  readonly vy: number;
}

/** Objects in an array, which is how they are known. */
function objects(make: (id: number) => Moving): Keeper {
  let all: Moving[] = [];
  return {
    create(count) {
      for (let id = 0; id < count; id++) all.push(make(id));
    },
    readStanding(steps) {
      const one = all[0] as Moving;
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += one.x + i;
      return sum;
    },
    writeStanding(steps) {
      const one = all[0] as Moving;
      for (let i = 0; i < steps; i++) one.x = i + 0.5;
    },
    readEach(places, rounds) {
      const known = Array.from(places, (place) => all[place] as Moving);
      let sum = 0;
      for (let round = 0; round < rounds; round++)
        for (let i = 0; i < known.length; i++) sum += (known[i] as Moving).x;
      return sum;
    },
    writeEach(places, rounds) {
      const known = Array.from(places, (place) => all[place] as Moving);
      for (let round = 0; round < rounds; round++)
        for (let i = 0; i < known.length; i++) (known[i] as Moving).x = i + 0.5;
    },
    iterate() {
      for (const one of all) {
        one.x += one.vx * DT;
        one.y += one.vy * DT;
      }
    },
    freeAll() {
      all = [];
    },
  };
}

const literal = (id: number): Moving => {
  const [x, y, vx, vy] = [id + 0.5, id + 0.25, id + 0.125, id + 0.75] as const;
  const made = { id, team: 0, x, y, vx, vy, hp: id + 0.375, time: id + 0.625 };
  return made;
};

function arrays(most: number) {
  const doubles = () => new Float64Array(most);
  return {
    ...{ id: new Uint32Array(most), team: new Uint32Array(most) },
    ...{ x: doubles(), y: doubles(), vx: doubles(), vy: doubles(), hp: doubles(), time: doubles() },
  };
}

/** An array a field, as a program writes it by hand; known by a number. */
function structOfArrays(most: number): Keeper {
  const { id: ids, team, x, y, vx, vy, hp, time } = arrays(most);
  let count = 0;
  return {
    create(more) {
      for (let id = 0; id < more; id++) {
        const at = count++;
        ids[at] = id;
        team[at] = 0;
        x[at] = id + 0.5;
        y[at] = id + 0.25;
        vx[at] = id + 0.125;
        vy[at] = id + 0.75;
        hp[at] = id + 0.375;
        time[at] = id + 0.625;
      }
    },
    readStanding(steps) {
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += x[0] + i;
      return sum;
    },
    writeStanding(steps) {
      for (let i = 0; i < steps; i++) x[0] = i + 0.5;
    },
    readEach(places, rounds) {
      let sum = 0;
      for (let round = 0; round < rounds; round++)
        for (let i = 0; i < places.length; i++) sum += x[places[i]];
      return sum;
    },
    writeEach(places, rounds) {
      for (let round = 0; round < rounds; round++)
        for (let i = 0; i < places.length; i++) x[places[i]] = i + 0.5;
    },
    iterate() {
      for (let i = 0; i < count; i++) {
        x[i] += vx[i] * DT;
        y[i] += vy[i] * DT;
      }
    },
    freeAll() {
      count = 0;
    },
  };
}

const Mobile = struct({ id: u32, team: u32, x: f64, y: f64, vx: f64, vy: f64, hp: f64, time: f64 });

/** `iterates`: by a cursor that goes from one to the next, or over columns. */
function records(most: number, iterates: "cursor" | "columns"): Keeper {
  const all = new Records(new SlabAllocator({ capacity: Math.min(2 ** 32, 2 ** 26 + most * 96) }), Mobile);
  let handles: number[] = [];
  const overColumns = () => {
    for (const span of all.spans()) {
      const [x, y, vx, vy] = [span.f64("x"), span.f64("y"), span.f64("vx"), span.f64("vy")] as const;
      const { values, step } = x;
      for (let i = span.nextLive(0); i < span.count; i = span.nextLive(i)) {
        const end = span.nextFree(i);
        for (; i < end; i++) {
          const at = i * step;
          values[x.first + at] += values[vx.first + at] * DT;
          values[y.first + at] += values[vy.first + at] * DT;
        }
      }
    }
  };
  const byCursor = () => {
    for (const one of all) {
      one.x += one.vx * DT;
      one.y += one.vy * DT;
    }
  };
  return {
    create(count) {
      for (let id = 0; id < count; id++) {
        const handle = all.create();
        const at = all.at(handle);
        at.id = id;
        at.x = id + 0.5;
        at.y = id + 0.25;
        at.vx = id + 0.125;
        at.vy = id + 0.75;
        at.hp = id + 0.375;
        at.time = id + 0.625;
        handles.push(handle);
      }
    },
    readStanding(steps) {
      const one = all.at(handles[0] as number);
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += one.x + i;
      return sum;
    },
    writeStanding(steps) {
      const one = all.at(handles[0] as number);
      for (let i = 0; i < steps; i++) one.x = i + 0.5;
    },
    readEach(places, rounds) {
      const known = Array.from(places, (place) => handles[place] as number);
      let sum = 0;
      for (let round = 0; round < rounds; round++)
        for (let i = 0; i < known.length; i++) sum += all.at(known[i] as number).x;
      return sum;
    },
    writeEach(places, rounds) {
      const known = Array.from(places, (place) => handles[place] as number);
      for (let round = 0; round < rounds; round++)
        for (let i = 0; i < known.length; i++) all.at(known[i] as number).x = i + 0.5;
    },
    iterate: iterates === "cursor" ? byCursor : overColumns,
    freeAll() {
      for (const handle of handles) all.free(handle);
      handles = [];
    },
  };
}

/** Entities of bitecs with one component of the same fields. */
async function bitecs(most: number): Promise<Keeper> {
  const { addComponent, addEntity, createWorld, query, removeEntity } = await import("bitecs");
  const soa = arrays(most + 1);
  const world = createWorld({ components: { soa } });
  let entities: number[] = [];
  const { x, y, vx, vy } = soa;
  return {
    create(count) {
      for (let i = 0; i < count; i++) {
        const entity = addEntity(world);
        addComponent(world, entity, soa);
        soa.id[entity] = i;
        x[entity] = i + 0.5;
        y[entity] = i + 0.25;
        vx[entity] = i + 0.125;
        vy[entity] = i + 0.75;
        soa.hp[entity] = i + 0.375;
        soa.time[entity] = i + 0.625;
        entities.push(entity);
      }
    },
    readStanding(steps) {
      const one = entities[0] as number;
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += x[one] + i;
      return sum;
    },
    writeStanding(steps) {
      const one = entities[0] as number;
      for (let i = 0; i < steps; i++) x[one] = i + 0.5;
    },
    readEach(places, rounds) {
      const known = places.map((place) => entities[place] as number);
      let sum = 0;
      for (let round = 0; round < rounds; round++) for (let i = 0; i < known.length; i++) sum += x[known[i]];
      return sum;
    },
    writeEach(places, rounds) {
      const known = places.map((place) => entities[place] as number);
      for (let round = 0; round < rounds; round++)
        for (let i = 0; i < known.length; i++) x[known[i]] = i + 0.5;
    },
    iterate() {
      const found = query(world, [soa]);
      for (let i = 0; i < found.length; i++) {
        const entity = found[i] as number;
        x[entity] += vx[entity] * DT;
        y[entity] += vy[entity] * DT;
      }
    },
    freeAll() {
      for (const entity of entities) removeEntity(world, entity);
      entities = [];
    },
  };
}

export const keepers: Readonly<Record<RecordsRequest["peer"], (most: number) => Keeper | Promise<Keeper>>> = {
  records: (most) => records(most, "columns"),
  "records-cursor": (most) => records(most, "cursor"),
  object: () => objects(literal),
  class: () => objects((id) => new Mover(id)),
  soa: structOfArrays,
  bitecs,
};
