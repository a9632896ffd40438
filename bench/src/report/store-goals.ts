/** The goals of maps and caches, each from whatever of it this run measured. */
import type { StoreRow } from "../measure/stores.ts";
import type { StoreFigures } from "../stores/protocol.ts";
import type { Pair } from "./figures.ts";
import type { GoalRow } from "./goal.ts";

type Key = keyof StoreFigures;
type Of = readonly [peer: string, figure: Key];

class StorePairs {
  private readonly rows: readonly StoreRow[];

  constructor(rows: readonly StoreRow[]) {
    this.rows = rows;
  }

  /** Of each workload that the pattern takes and in which both have that figure. */
  of(pattern: RegExp, ours: Of, theirs: Of): Pair[] {
    return this.each(pattern, ours, (workload) => this.figure(workload, theirs));
  }

  /** … against what is always the same. */
  against(pattern: RegExp, ours: Of, theirs: number): Pair[] {
    return this.each(pattern, ours, () => theirs);
  }

  private each(pattern: RegExp, ours: Of, theirs: (workload: string) => number | undefined): Pair[] {
    const names = [...new Set(this.rows.map(({ workload }) => workload))].filter((name) =>
      pattern.test(name),
    );
    return names.flatMap((name) => {
      const [above, below] = [this.figure(name, ours), theirs(name)];
      return above === undefined || below === undefined ? [] : [{ name, ours: above, theirs: below }];
    });
  }

  private figure(workload: string, [peer, key]: Of): number | undefined {
    return this.rows.find((row) => row.workload === workload && row.peer === peer)?.figures?.[key];
  }
}

const groups = [
  ["map", "shared-map"],
  ["cache", "shared-cache"],
] as const;

function callRows(pairs: StorePairs): GoalRow[] {
  const hits = [
    ...([["get, 10,000 entries, known key", "10000", "hitNs", 2]] as const),
    ...([["get, 10,000 entries, fresh key", "10000", "freshNs", 1]] as const),
    ...([["get, 1,000,000 entries, known key", "1000000", "hitNs", 0.6]] as const),
    ...([["get, 1,000,000 entries, fresh key", "1000000", "freshNs", 0.4]] as const),
  ];
  const takes = "worst";
  return groups.flatMap(([group, subject]): GoalRow[] => [
    ...hits.map(([what, count, key, limit]): GoalRow => {
      const pattern = new RegExp(`^${group}/calls/${count}/100$`);
      const against = "lru-cache";
      return {
        ...{ what, subject, against, takes, limit },
        pairs: pairs.of(pattern, [subject, key], [against, key]),
      };
    }),
    {
      ...{ what: "a miss", subject, against: "its own hit", takes, limit: 1 },
      pairs: pairs.of(new RegExp(`^${group}/calls/\\d+/100$`), [subject, "missNs"], [subject, "hitNs"]),
    },
  ]);
}

function sharedRows(pairs: StorePairs): GoalRow[] {
  const takes = "worst";
  return groups.flatMap(([group, subject]): GoalRow[] => {
    const [live, two] = [new RegExp(`^${group}/(live/|ceiling)`), new RegExp(`^${group}/workers/`)];
    return [
      {
        ...{ what: "memory an entry", subject, against: "lru-cache", takes, unit: "bytes", limit: 1 / 3 },
        pairs: pairs.of(live, [subject, "entryBytes"], ["lru-cache", "entryBytes"]),
      },
      ...(["fillCallMs", "callMs"] as const).map((key): GoalRow => {
        const what = key === "callMs" ? "longest call while all live" : "longest set while it grows";
        return {
          ...{ what, subject, against: "a millisecond", takes, unit: "ms", limit: 1 },
          pairs: pairs.against(live, [subject, key], 1),
        };
      }),
      {
        ...{ what: "get by two workers", subject, against: "by one", takes, limit: 1 / 1.8 },
        pairs: pairs.of(two, [subject, "twoNs"], [subject, "oneNs"]),
      },
    ];
  });
}

/** Misses against those of private caches that have twice the bytes together. */
function splitRows(pairs: StorePairs): GoalRow[] {
  const kinds = [
    ["bytes taken", "hitsResident"],
    ["bytes of keys and values", "hits"],
  ] as const;
  return kinds.map(([counted, key]): GoalRow => {
    const found = pairs.of(/^cache\/equal-bytes\//, ["shared-cache", key], ["lru-whole", key]);
    return {
      ...{ what: `one cache for two workers, ${counted}`, subject: "shared-cache" },
      ...{ against: "as many bytes in each", takes: "worst", unit: "misses of 100", limit: 1 },
      pairs: found.map(({ name, ours, theirs }) => ({ name, ours: 100 - ours, theirs: 100 - theirs })),
    };
  });
}

export function storeRows(rows: readonly StoreRow[]): GoalRow[] {
  const pairs = new StorePairs(rows);
  return [
    ...callRows(pairs),
    {
      ...{ what: "read without copy, 1,000,000 entries", subject: "shared-map", against: "Map.get" },
      ...{ pairs: pairs.of(/^map\/calls\/1000000\/100$/, ["shared-map", "readNs"], ["map", "hitNs"]) },
      ...{ takes: "worst", limit: 0.6 },
    },
    ...sharedRows(pairs),
    {
      ...{ what: "get, in one of two processes", subject: "shared-map", against: "lmdb", takes: "worst" },
      ...{ pairs: pairs.of(/^map\/processes\//, ["shared-map", "twoNs"], ["lmdb", "twoNs"]), limit: 1 / 3 },
    },
    ...splitRows(pairs),
  ];
}
