// A server of files for tests: one folder, the loopback interface, and the headers that a page asks for.

import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { isFile } from "../workspace.mjs";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
};

/** What makes a page cross-origin isolated. */
export const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/**
 * Serves a folder, and pages that are no files, from a port of its own.
 * @param pages paths with the HTML and the further headers of each
 * @param headers sent with every file and page
 * @returns the origin, and a function that ends the server
 */
export async function serve(folder, pages, headers) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const page = pages[pathname];
    if (page !== undefined) {
      response.writeHead(200, { "content-type": types[".html"], ...headers, ...page.headers });
      response.end(page.html);
      return;
    }
    if (pathname === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const path = join(folder, normalize(pathname));
    if (!isFile(path)) {
      response.writeHead(404).end();
      return;
    }
    const type = types[extname(path)] ?? "application/octet-stream";
    // A worker's own headers count for what it may do, the policy of scripts included.
    response.writeHead(200, { "content-type": type, ...headers });
    createReadStream(path).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const end = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, end };
}
