// The examples that a browser opens: served by their own server, looked at while they run, stopped, checked.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../workspace.mjs";

const timeout = 60_000;

const pages = {
  /** Two workers, until the one that frees has freed a thousand objects of the other's. */
  "/": async (tab) => {
    const freed = () => {
      const rows = [...document.querySelectorAll("#workers tr")].map(({ cells }) => cells);
      const mover = rows.find(([name]) => name.textContent === "mover.js");
      return mover !== undefined && Number(mover[2].textContent.replaceAll(",", "")) > 1000;
    };
    await tab.waitForFunction(freed, undefined, { timeout });
    await tab.click("#stop");
    return outcomeOf(tab, /^0 objects live, 0 violations$/);
  },
  /** Two seconds of sound through a ring, into an audio worklet. A busy machine may hand some blocks over too late. */
  "/audio/index.html?mute": async (tab) => {
    await tab.click("#play");
    return outcomeOf(tab, /^(\d{3}) of \1 blocks, in order, \d+ underruns; 0 objects live, 0 violations$/);
  },
};

/** @returns the names of the runs, with whether each was good */
export async function examplePages(context) {
  const server = spawn(process.execPath, [join(root, "examples/browser/server.mjs"), "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [origin] = await once(server.stdout, "data");
    const results = [];
    for (const [path, look] of Object.entries(pages))
      results.push(await examplePage(context, new URL(path, String(origin).trim()), look));
    return results;
  } finally {
    server.kill();
  }
}

async function examplePage(context, address, look) {
  const run = `examples/browser${address.pathname}`;
  console.log(`--- chromium: ${run}`);
  const tab = await context.newPage();
  const errors = [];
  tab.on("pageerror", (error) => errors.push(error.message));
  tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  try {
    await tab.goto(address.href);
    errors.push(...(await look(tab)));
  } catch (error) {
    errors.push(error.message);
  } finally {
    await tab.close();
  }
  return { run, good: errors.length === 0, why: errors.join("; ") };
}

/** What the page says at its end; given back where it is not as it must be. */
async function outcomeOf(tab, expected) {
  await tab.locator("#outcome", { hasText: "violations" }).waitFor({ timeout });
  const outcome = await tab.textContent("#outcome");
  console.log(outcome);
  return expected.test(outcome) ? [] : [outcome];
}
