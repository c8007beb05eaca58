import assert from "node:assert/strict";
import { test } from "node:test";
import * as timeline from "lib/timeline";

const visitor = { kind: "visitor", id: "v", name: "Letícia" };
const marina = { kind: "agent", id: "a", name: "Marina" };
const at = (minute, second = 0) => `2026-11-22T14:${String(minute).padStart(2, "0")}:${String(second).padStart(2, "0")}.000Z`;
const says = (seq, by, body, minute, client_id) => ({ seq, id: "e" + seq, at: at(minute), type: "message", by, client_id, data: { body } });
const view = { side: "visitor", timezone: "America/Recife" };
const of = (...entries) => timeline.append(timeline.emptyTimeline(), entries);

test("an event that was already seen is dropped", () => {
  const once = of(says(1, visitor, "oi", 0), says(3, marina, "olá", 1));
  assert.equal(timeline.append(once, [says(3, marina, "olá", 1), says(2, marina, "?", 1)]), once);
});

test("holes in seq mean nothing", () => {
  assert.equal(of(says(1, visitor, "oi", 0), says(9, marina, "olá", 1)).entries.length, 2);
});

test("a draft is shown once, whether ack or event comes first", () => {
  const typed = timeline.draft(timeline.emptyTimeline(), { client_id: "c", body: "oi", at: at(0) });
  const group = (state) => timeline.rows(state, view).find((row) => row.kind === "group");
  assert.equal(group(typed).tick, "pending");
  const acked = timeline.answer(typed, { type: "ack", client_id: "c", seq: 4, at: at(1) });
  assert.equal(group(acked).tick, "sent");
  const both = timeline.append(acked, [says(4, visitor, "oi", 1, "c")]);
  assert.equal(both.drafts.length, 0);
  const late = timeline.answer(timeline.append(typed, [says(4, visitor, "oi", 1, "c")]), { type: "ack", client_id: "c", seq: 4 });
  assert.deepEqual(timeline.rows(late, view), timeline.rows(both, view));
  assert.equal(group(both).messages[0].key, "c", "the row keeps its key, so the page keeps its node");
});

test("a draft that is on the timeline already does not come back after a reload", () => {
  const known = of(says(4, visitor, "oi", 1, "c"));
  assert.equal(timeline.draft(known, { client_id: "c", body: "oi", at: at(2) }), known);
});

test("a refused draft stays as failed, with its reason", () => {
  const typed = timeline.draft(timeline.emptyTimeline(), { client_id: "c", body: "oi", at: at(0) });
  const failed = timeline.answer(typed, { type: "error", client_id: "c", code: "chat_finished" });
  assert.deepEqual([failed.drafts[0].state, failed.drafts[0].code], ["failed", "chat_finished"]);
  assert.equal(timeline.discard(failed, "c").drafts.length, 0);
});

test("ticks follow the marks of the other side", () => {
  const marks = { visitor: { delivered: 0, read: 0 }, agent: { delivered: 2, read: 1 } };
  const state = timeline.mark(of(says(1, visitor, "1", 0), says(2, visitor, "2", 10), says(3, visitor, "3", 20), says(4, marina, "4", 30)), marks);
  assert.deepEqual(timeline.rows(state, view).filter((row) => row.kind === "group").map((row) => row.tick), ["read", "delivered", "sent", null]);
});

test("one author's messages join within two minutes, and only then", () => {
  const state = of(says(1, marina, "1", 0), says(2, marina, "2", 1), says(3, marina, "3", 3), says(4, visitor, "4", 3), says(5, { ...marina, id: "b" }, "5", 3));
  assert.deepEqual(timeline.rows(state, view).filter((row) => row.kind === "group").map((row) => row.messages.length), [2, 1, 1, 1]);
});

test("days part in the reader's time zone", () => {
  const state = of({ ...says(1, marina, "1", 0), at: "2026-11-22T02:30:00.000Z" }, { ...says(2, marina, "2", 0), at: "2026-11-22T03:30:00.000Z" });
  assert.deepEqual(timeline.rows(state, view).filter((row) => row.kind === "day").map((row) => row.key), ["day-2026-11-21", "day-2026-11-22"]);
  assert.equal(timeline.rows(state, { ...view, timezone: "Asia/Tokyo" }).filter((row) => row.kind === "day").length, 1);
});

test("a snapshot replaces entries and keeps what is typed", () => {
  const typed = timeline.draft(of(says(1, visitor, "oi", 0)), { client_id: "c", body: "e aí", at: at(1) });
  const next = timeline.replace(typed, { entries: [says(5, marina, "olá", 2)], more_before: 5 });
  assert.deepEqual([next.entries.length, next.drafts.length, next.last_seq, next.more_before], [1, 1, 5, 5]);
  const more = timeline.prepend(next, [says(1, visitor, "oi", 0), says(5, marina, "olá", 2)]);
  assert.deepEqual(more.entries.map((entry) => entry.seq), [1, 5]);
  assert.equal(more.last_seq, 5);
});

test("unread counts the other side's messages after the read mark", () => {
  const marks = { visitor: { delivered: 5, read: 2 }, agent: { delivered: 0, read: 0 } };
  assert.equal(timeline.unread(timeline.mark(of(says(1, marina, "1", 0), says(2, marina, "2", 0), says(3, visitor, "3", 0), says(4, marina, "4", 0)), marks), "visitor"), 1);
});

test("notes never join messages and other entries are lines", () => {
  const state = of(says(1, marina, "1", 0), { ...says(2, marina, "2", 0), type: "note" }, { ...says(3, marina, "", 0), type: "started", data: { agent: marina } });
  assert.deepEqual(timeline.rows(state, { side: "agent" }).map((row) => row.type ?? row.kind), ["day", "message", "note", "line"]);
  assert.deepEqual(timeline.rows(state, { side: "agent", hidden: new Set(["started"]) }).length, 3);
});
