// The runs of Chromium: pages of two servers, one that sets the headers of cross-origin isolation and one that
// does not. Each page says how its run is to be made, and leaves its outcome in a global.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { examplePages } from "./example-page.mjs";
import { isolation, serve } from "./serve.mjs";

const library = "/node_modules/offheap/dist/index.js";
const importMap = `<script type="importmap">${JSON.stringify({ imports: { offheap: library } })}</script>`;
const runTimeout = 300_000;
// The policy that forbids eval and the compiling of WebAssembly.
const strict = { "content-security-policy": "default-src 'self'" };

/** A page that makes one run. The run stands in the page's address, so that no policy forbids it. */
function page(run, head = "", headers = {}) {
  const html = `<!doctype html><meta charset="utf-8"><title>hosts</title>${head}<script type="module" src="/app/page.js"></script>`;
  return { html, headers, run };
}

const isolated = {
  "/import-map": page({ specifier: "offheap", workerSpecifier: library }, importMap),
  "/bundle": page({ specifier: "/bundle/offheap.mjs" }),
  "/classic": page({ classicWorker: "/classic-worker.js" }, '<script src="/bundle/offheap.js"></script>'),
  "/spare": page({ specifier: library, without: ["FinalizationRegistry", "WeakRef", "Symbol.dispose"] }),
};
const strictPages = { "/strict-policy": page({ specifier: library }) };
const open = {
  "/not-isolated": page({ specifier: library }),
};

/** Runs every page; the names of the runs, with whether each was good. */
export async function chromiumRuns(path, folder) {
  const profile = mkdtempSync(join(tmpdir(), "offheap-chromium-"));
  const context = await launch(path, profile);
  const results = [];
  try {
    for (const [pages, headers] of [
      [isolated, isolation],
      [strictPages, { ...isolation, ...strict }],
      [open, {}],
    ]) {
      const server = await serve(folder, pages, headers);
      for (const [address, { run }] of Object.entries(pages)) {
        results.push(await runPage(context, `${server.origin}${address}`, run));
      }
      await server.end();
    }
    results.push(...(await examplePages(context)));
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
  return results;
}

/** A Chromium of its own, with an empty profile, that asks nothing of the network. */
export function launch(path, profile) {
  return chromium.launchPersistentContext(profile, {
    executablePath: path,
    headless: true,
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ],
  });
}

async function runPage(context, address, run) {
  const name = new URL(address).pathname.slice(1);
  console.log(`--- chromium: ${name}`);
  const tab = await context.newPage();
  let why = "";
  tab.on("console", (message) => console.log(message.text()));
  tab.on("pageerror", (error) => {
    why = error.message;
    console.log(`FAIL the page: ${error.message}`);
  });
  try {
    await tab.goto(`${address}?${encodeURIComponent(JSON.stringify(run))}`);
    const root = tab.locator("html[data-outcome]");
    const { passed, failed } = JSON.parse(await root.getAttribute("data-outcome", { timeout: runTimeout }));
    return { run: name, good: failed === 0 && passed > 0 && why === "", why: why || `${failed} failed` };
  } catch (error) {
    return { run: name, good: false, why: why || error.message };
  } finally {
    await tab.close();
  }
}
