// The progress bar: on a terminal, and only there.

import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { it } from "node:test";
import { makeProgress } from "#src/progress.js";

/** As much of a terminal as a bar needs. */
function terminal(isTTY: boolean) {
  let text = "";
  const stream = new Writable({
    write(piece, _encoding, done) {
      text += String(piece);
      done();
    },
  });
  const methods = { isTTY, columns: 80, cursorTo() {}, clearLine() {}, moveCursor() {} };
  return { stream: Object.assign(stream, methods) as unknown as NodeJS.WriteStream, text: () => text };
}

const hideCursor = "\u001b[?25l";
const showCursor = "\u001b[?25h";

it("draws on a terminal, and gives the cursor back", () => {
  const { stream, text } = terminal(true);
  const progress = makeProgress(stream);
  progress.update("lua on 2 workers", 0, 10);
  progress.update("lua on 2 workers", 5, 10);
  assert.ok(text().includes(hideCursor) && text().includes("lua on 2 workers"));
  assert.ok(!text().includes(showCursor));
  progress.stop();
  progress.stop();
  assert.equal(text().split(showCursor).length, 2);
});

it("writes nothing where there is no terminal", () => {
  const { stream, text } = terminal(false);
  const progress = makeProgress(stream);
  progress.update("lua on 2 workers", 5, 10);
  progress.stop();
  assert.equal(text(), "");
});
