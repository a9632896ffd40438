// Runs scripts/texts.mjs in a browser: serves it with the headers that shared memory wants, starts the browser that is
// named, without a window, and prints what its page sends back.

import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const browser = process.argv[2] ?? "chromium";
const root = new URL("..", import.meta.url);
const profile = join(tmpdir(), `offheap-texts-${process.pid}`);
const page = `<!doctype html><script type="module">
import { asText, measure } from "/scripts/texts.mjs";
await fetch("/rows", { method: "POST", body: asText(measure()) });
</script>`;

let child;
const server = createServer((request, response) => {
  response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
  if (request.url === "/rows") {
    request.setEncoding("utf8").on("data", (text) => process.stdout.write(text));
    request.on("end", () => {
      console.log();
      response.end();
      child.kill();
    });
  } else if (/^\/[\w./-]+\.m?js$/.test(request.url)) {
    response.setHeader("Content-Type", "text/javascript");
    response.end(readFileSync(new URL(`.${request.url}`, root)));
  } else {
    response.setHeader("Content-Type", "text/html");
    response.end(page);
  }
});
server.listen(0, () => {
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
  child = spawn(browser, [...flags, `http://localhost:${server.address().port}/`], { stdio: "ignore" });
  child.on("exit", () => {
    server.close();
    rmSync(profile, { recursive: true, force: true });
  });
});
