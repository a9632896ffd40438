// The library under Jest, whose `node` environment is a realm of its own: a real run of Jest, as a process.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../test/jest/", import.meta.url));
const jest = join(dirname(createRequire(import.meta.url).resolve("jest/package.json")), "bin/jest.js");
const expectedTests = 8;

interface Results {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
}

it("heaps and handles of two realms meet in Jest", () => {
  const folder = mkdtempSync(join(tmpdir(), "offheap-jest-"));
  try {
    const config = {
      rootDir: project,
      testEnvironment: "node",
      testMatch: ["**/realms.mjs"],
      moduleFileExtensions: ["mjs", "js"],
      transform: {},
      cacheDirectory: folder,
    };
    const outputFile = join(folder, "results.json");
    const args = ["--experimental-vm-modules", jest, "--config", JSON.stringify(config), "--runInBand"];
    const { status, stderr } = spawnSync(
      process.execPath,
      [...args, "--watchman=false", "--json", "--outputFile", outputFile],
      { encoding: "utf8", cwd: project, env: { ...process.env, NODE_OPTIONS: "" } },
    );
    assert.equal(status, 0, stderr);
    const { numPassedTests, numTotalTests } = JSON.parse(readFileSync(outputFile, "utf8")) as Results;
    assert.deepEqual([numPassedTests, numTotalTests], [expectedTests, expectedTests]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
