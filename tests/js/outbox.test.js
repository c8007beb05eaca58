import assert from "node:assert/strict";
import { test } from "node:test";
import { createOutbox, shelfIn } from "lib/outbox";
import { openStorage } from "lib/storage";

function setUp({ shelf } = {}) {
  const sent = [];
  const settled = [];
  const timers = { jobs: [], setTimeout: (job, ms) => timers.jobs.push({ job, ms }), clearTimeout: () => {} };
  const line = { up: true };
  const outbox = createOutbox({ send: (command) => line.up && Boolean(sent.push(command.client_id)), onSettle: (command, frame) => settled.push([command.client_id, frame.type]), shelf, timers });
  return { outbox, sent, settled, timers, line };
}

test("a command is sent at once and settles with its answer", async () => {
  const { outbox, sent } = setUp();
  const answer = outbox.submit({ type: "message", client_id: "a", body: "oi" });
  assert.deepEqual(sent, ["a"]);
  outbox.settle({ type: "ack", client_id: "a", seq: 3 });
  assert.equal((await answer).seq, 3);
  assert.equal(outbox.pending.length, 0);
});

test("what was not answered goes out again in order after a welcome", () => {
  const { outbox, sent, line } = setUp();
  line.up = false;
  for (const id of ["a", "b", "c"]) outbox.submit({ type: "message", client_id: id });
  assert.deepEqual(sent, []);
  line.up = true;
  outbox.resend();
  outbox.settle({ type: "ack", client_id: "b" });
  outbox.resend();
  assert.deepEqual(sent, ["a", "b", "c", "a", "c"]);
});

test("a rate limit holds back everything behind it and is not an answer", () => {
  const { outbox, sent, settled, timers } = setUp();
  outbox.submit({ type: "message", client_id: "a" });
  outbox.settle({ type: "error", client_id: "a", code: "rate_limited", retry_after_ms: 700 });
  outbox.submit({ type: "message", client_id: "b" });
  assert.deepEqual(sent, ["a"]);
  assert.equal(timers.jobs[0].ms, 700);
  timers.jobs[0].job();
  assert.deepEqual(sent, ["a", "a", "b"]);
  assert.deepEqual(settled, []);
});

test("other refusals settle", async () => {
  const { outbox, settled } = setUp();
  const answer = outbox.submit({ type: "message", client_id: "a" });
  outbox.settle({ type: "error", client_id: "a", code: "chat_finished" });
  assert.equal((await answer).code, "chat_finished");
  assert.deepEqual(settled, [["a", "error"]]);
});

test("an event with the same client_id is no answer", () => {
  const { outbox } = setUp();
  outbox.submit({ type: "message", client_id: "a" });
  assert.equal(outbox.settle({ type: "event", client_id: "a" }), false);
  assert.equal(outbox.pending.length, 1);
});

test("what was typed offline survives a reload, in order and with its id", () => {
  const storage = openStorage("papo:", () => undefined);
  const before = setUp({ shelf: shelfIn(storage) });
  before.line.up = false;
  before.outbox.submit({ type: "message", client_id: "a", body: "1" }, { keep: true });
  before.outbox.submit({ type: "message", client_id: "b", body: "2" }, { keep: true });
  before.outbox.submit({ type: "history", client_id: "h" });
  const after = setUp({ shelf: shelfIn(storage) });
  after.outbox.resend();
  assert.deepEqual(after.sent, ["a", "b"]);
  after.outbox.settle({ type: "ack", client_id: "a" });
  assert.deepEqual(storage.names("out:"), ["out:b"]);
});

test("after a frame over the limit the longest command is refused and the rest stays", () => {
  const { outbox, settled } = setUp();
  outbox.submit({ type: "message", client_id: "a", body: "oi" });
  outbox.submit({ type: "message", client_id: "b", body: "x".repeat(500) });
  outbox.refuseLongest();
  assert.deepEqual(settled, [["b", "error"]]);
  assert.deepEqual(outbox.pending.map((command) => command.client_id), ["a"]);
});
