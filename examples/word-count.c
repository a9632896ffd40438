/* The C half of c-module.mjs: counts the words of a text. It allocates with malloc as C does; the memory is the
   pool's, so JavaScript walks and frees the nodes. No C library: the two calls are imports. */
typedef __SIZE_TYPE__ size_t;

void *malloc(size_t size);
void *realloc(void *address, size_t size);

typedef struct Word {
  struct Word *next;
  int count, length;
  char letters[];
} Word;

static int isSame(const Word *word, const char *letters, int length) {
  if (word->length != length) return 0;
  for (int i = 0; i < length; i++)
    if (word->letters[i] != letters[i]) return 0;
  return 1;
}

__attribute__((export_name("countWords"))) Word *countWords(const char *text, int length) {
  Word *first = 0;
  for (int at = 0; at < length;) {
    int end = at;
    while (end < length && text[end] != ' ') end++;
    Word *word = first;
    while (word && !isSame(word, text + at, end - at)) word = word->next;
    if (!word && end > at) {
      word = malloc(sizeof(Word) + (size_t)(end - at));
      if (!word) __builtin_trap();
      *word = (Word){first, 0, end - at};
      __builtin_memcpy(word->letters, text + at, (size_t)(end - at));
      first = word;
    }
    if (word && end > at) word->count++;
    at = end + 1;
  }
  return first;
}

/* Appends to a text that JavaScript allocated; it may have moved. */
__attribute__((export_name("append"))) char *append(char *text, int length, char letter) {
  char *longer = realloc(text, (size_t)length + 1);
  if (longer) longer[length] = letter;
  return longer;
}
