/* A program that leans on its allocator as programs do: a hash map of strings that grows and shrinks, an ordered
   tree, lists that grow by realloc, aligned blocks. It checks what it reads, frees everything, and returns a
   checksum that depends on its seed alone. All state is on the stack and the heap, so that instances on one
   memory do not meet in static data. */
#include "c.h"

typedef struct Entry Entry;
struct Entry {
  Entry *next;
  u32 hash, length;
  u8 *value;
  u8 key[];
};

typedef struct {
  Entry **buckets;
  u32 bucketCount, count;
} Map;

static u32 hashOf(const u8 *key, u32 length) {
  u32 hash = 2166136261u;
  for (u32 i = 0; i < length; i++) hash = (hash ^ key[i]) * 16777619u;
  return hash;
}

static Entry **buckets(u32 count) {
  Entry **made = calloc(count, sizeof *made);
  CHECK(made);
  for (u32 i = 0; i < count; i++) CHECK(!made[i]);
  return made;
}

static void resize(Map *map, u32 count) {
  Entry **old = map->buckets;
  map->buckets = buckets(count);
  for (u32 i = 0; i < map->bucketCount; i++) {
    for (Entry *entry = old[i], *next; entry; entry = next) {
      next = entry->next;
      Entry **bucket = &map->buckets[entry->hash & (count - 1)];
      entry->next = *bucket, *bucket = entry;
    }
  }
  map->bucketCount = count;
  free(old);
}

static Entry **find(Map *map, const u8 *key, u32 length, u32 hash) {
  Entry **at = &map->buckets[hash & (map->bucketCount - 1)];
  while (*at && !((*at)->hash == hash && (*at)->length == length && same((*at)->key, key, length)))
    at = &(*at)->next;
  return at;
}

/* The value of a key is as long as the key says, and holds bytes that the key says, too. */
static u32 valueLength(u32 hash) { return 1 + (hash >> 8) % ((hash & 63) == 0 ? 20000 : 300); }

static void fill(u8 *value, u32 length, u32 hash) {
  for (u32 i = 0; i < length; i++) value[i] = (u8)(hash + i * 7);
}

static u64 endEntry(Entry *entry, u64 sum) {
  u32 length = valueLength(entry->hash);
  for (u32 i = 0; i < length; i++) CHECK(entry->value[i] == (u8)(entry->hash + i * 7));
  sum = mix(sum, entry->hash + length);
  free(entry->value);
  free(entry);
  return sum;
}

static u64 toggle(Map *map, u32 number, u64 sum) {
  u8 key[24];
  u32 length = 0;
  for (u32 rest = number; rest; rest /= 10) key[length++] = (u8)('0' + rest % 10);
  while (length < 4 + number % 20) key[length++] = '.';
  u32 hash = hashOf(key, length);
  Entry **at = find(map, key, length, hash), *entry = *at;
  if (entry) {
    *at = entry->next;
    map->count--;
    sum = endEntry(entry, sum);
    if (map->bucketCount > 16 && map->count < map->bucketCount / 4) resize(map, map->bucketCount / 2);
    return sum;
  }
  entry = malloc(sizeof *entry + length);
  CHECK(entry);
  *entry = (Entry){*at, hash, length, malloc(valueLength(hash))};
  CHECK(entry->value);
  copy(entry->key, key, length);
  fill(entry->value, valueLength(hash), hash);
  *at = entry;
  if (++map->count > map->bucketCount) resize(map, map->bucketCount * 2);
  return sum;
}

/* A treap: ordered by key, heap-ordered by priority. */
typedef struct Node Node;
struct Node {
  Node *left, *right;
  u32 key, priority;
  double weight;
};

static Node *merge(Node *left, Node *right) {
  if (!left) return right;
  if (!right) return left;
  if (left->priority > right->priority) return left->right = merge(left->right, right), left;
  return right->left = merge(left, right->left), right;
}

static void split(Node *tree, u32 key, Node **left, Node **right) {
  if (!tree) *left = *right = NULL;
  else if (tree->key < key) *left = tree, split(tree->right, key, &tree->right, right);
  else *right = tree, split(tree->left, key, left, &tree->left);
}

static u64 insertOrRemove(Node **tree, u32 key, u32 priority, u64 sum) {
  Node *left, *middle, *right;
  split(*tree, key, &left, &right);
  split(right, key + 1, &middle, &right);
  if (middle) {
    CHECK(middle->key == key && middle->weight == key * 0.5 && !middle->left && !middle->right);
    sum = mix(sum, key);
    free(middle);
    middle = NULL;
  } else {
    middle = malloc(sizeof *middle);
    CHECK(middle && (size_t)middle % MAX_ALIGN == 0);
    *middle = (Node){NULL, NULL, key, priority, key * 0.5};
  }
  *tree = merge(merge(left, middle), right);
  return sum;
}

static u64 endTree(Node *tree, u64 sum, u32 *last) {
  if (!tree) return sum;
  sum = endTree(tree->left, sum, last);
  CHECK(tree->key + 1 > *last);
  *last = tree->key + 1;
  sum = mix(sum, tree->key);
  Node *right = tree->right;
  free(tree);
  return endTree(right, sum, last);
}

/* A list of words that grows by realloc, and now and then shrinks. */
typedef struct {
  u32 *words;
  u32 length, room;
} List;

static void push(List *list, u32 word) {
  if (list->length == list->room) {
    list->room = list->room ? list->room + list->room / 2 + 1 : 3;
    list->words = realloc(list->words, list->room * sizeof(u32));
    CHECK(list->words);
  }
  list->words[list->length++] = word;
}

static u64 shrink(List *list, u32 length, u64 sum) {
  for (; list->length > length; list->length--) sum = mix(sum, list->words[list->length - 1]);
  list->room = length + 1;
  list->words = realloc(list->words, list->room * sizeof(u32));
  CHECK(list->words);
  return sum;
}

/* A block at an alignment of its own, written and read by the double. */
static u64 block(u32 alignment, u32 doubles, u64 sum) {
  doubles *= alignment / sizeof(double);
  double *matrix = aligned_alloc(alignment, doubles * sizeof(double));
  CHECK(matrix && ((size_t)matrix & (alignment - 1)) == 0);
  for (u32 i = 0; i < doubles; i++) matrix[i] = i * 0.25;
  double total = 0;
  for (u32 i = 0; i < doubles; i++) total += matrix[i];
  free(matrix);
  return mix(sum, (u64)(total * 4));
}

enum { LISTS = 16 };

u64 EXPORT(churn)(u32 seed, u32 steps) {
  u64 random = 0x9e3779b97f4a7c15ull + seed, sum = 0xcbf29ce484222325ull;
  Map map = {buckets(16), 16, 0};
  Node *tree = NULL;
  List lists[LISTS];
  for (u32 i = 0; i < LISTS; i++) lists[i] = (List){NULL, 0, 0};
  for (u32 step = 0; step < steps; step++) {
    u32 dice = draw(&random, 100);
    if (dice < 40) sum = toggle(&map, draw(&random, 4000), sum);
    else if (dice < 70) {
      u32 key = draw(&random, 8000);
      sum = insertOrRemove(&tree, key, draw(&random, 1u << 31), sum);
    } else if (dice < 98) {
      List *list = &lists[draw(&random, LISTS)];
      for (u32 i = 0; i < 20; i++) push(list, step + i);
      if (list->length > 6000) sum = shrink(list, draw(&random, 500), sum);
    } else {
      u32 alignment = 32u << draw(&random, 8);
      sum = block(alignment, 1 + draw(&random, 20), sum);
    }
  }
  for (u32 i = 0; i < map.bucketCount; i++)
    for (Entry *entry = map.buckets[i], *next; entry; entry = next) next = entry->next, sum = endEntry(entry, sum);
  free(map.buckets);
  for (u32 i = 0; i < LISTS; i++) sum = shrink(&lists[i], 0, sum), free(lists[i].words);
  u32 last = 0;
  return endTree(tree, sum, &last);
}

/* What instances on one memory do to each other: each takes an object out of a cell, reads it, frees it, and puts
   one of its own there. Returns how many of those it freed another had made. */
u32 EXPORT(exchange)(u32 *cells, u32 cellCount, u32 self, u32 steps) {
  u64 random = self;
  u32 foreign = 0;
  for (u32 step = 0; step < steps; step++) {
    u32 words = 4 + draw(&random, 600);
    u32 *made = malloc(words * sizeof(u32));
    CHECK(made);
    made[0] = words, made[1] = self;
    for (u32 i = 2; i < words; i++) made[i] = (words * 31 + self) ^ i;
    u32 *cell = &cells[draw(&random, cellCount)];
    u32 *taken = (u32 *)__atomic_exchange_n(cell, (u32)made, __ATOMIC_SEQ_CST);
    if (!taken) continue;
    for (u32 i = 2; i < taken[0]; i++) CHECK(taken[i] == ((taken[0] * 31 + taken[1]) ^ i));
    foreign += taken[1] != self;
    free(taken);
  }
  return foreign;
}
