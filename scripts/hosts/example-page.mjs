// The example that a browser opens: served by its own server, looked at while it runs, stopped, checked.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../workspace.mjs";

const timeout = 60_000;

/** @returns the name of the run, and whether it was good */
export async function examplePage(context) {
  const run = "examples/browser";
  console.log(`--- chromium: ${run}`);
  const server = spawn(process.execPath, [join(root, "examples/browser/server.mjs"), "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const tab = await context.newPage();
  const errors = [];
  tab.on("pageerror", (error) => errors.push(error.message));
  tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  try {
    const [origin] = await once(server.stdout, "data");
    await tab.goto(String(origin).trim());
    // Until the one that frees has freed a thousand objects of the other's.
    const freed = () => {
      const rows = [...document.querySelectorAll("#workers tr")].map(({ cells }) => cells);
      const mover = rows.find(([name]) => name.textContent === "mover.js");
      return mover !== undefined && Number(mover[2].textContent.replaceAll(",", "")) > 1000;
    };
    await tab.waitForFunction(freed, undefined, { timeout });
    await tab.click("#stop");
    await tab.locator("#outcome", { hasText: "violations" }).waitFor({ timeout });
    const outcome = await tab.textContent("#outcome");
    console.log(outcome);
    if (outcome !== "0 objects live, 0 violations") errors.push(outcome);
  } catch (error) {
    errors.push(error.message);
  } finally {
    await tab.close();
    server.kill();
  }
  return { run, good: errors.length === 0, why: errors.join("; ") };
}
