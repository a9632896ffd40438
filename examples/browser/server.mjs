// Serves this folder and the library to a browser, with the two headers that shared memory wants:
//
//   node examples/browser/server.mjs [port]

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const library = fileURLToPath(new URL(".", import.meta.resolve("offheap")));
const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" };

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://127.0.0.1");
  const path = normalize(pathname === "/" ? "/index.html" : pathname);
  const isLibrary = path.startsWith(`${sep}offheap${sep}`);
  const file = isLibrary ? join(library, path.slice(9)) : join(here, path);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    response.writeHead(404).end("not found");
    return;
  }
  response.writeHead(200, {
    "content-type": `${types[extname(file)] ?? "application/octet-stream"}; charset=utf-8`,
    // With these the page is cross-origin isolated: it may share memory with its workers.
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
  });
  createReadStream(file).pipe(response);
});

server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
