/** What a JavaScript program would use instead; the names stand in the filter, the tables and the plots. */
export const javascriptIds = [
  "uint8array",
  "buffer",
  "buffer-slow",
  "object",
  "thi.ng",
  "assemblyscript",
  "dlmalloc",
  "emmalloc",
] as const;
