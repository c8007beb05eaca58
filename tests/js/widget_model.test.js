import assert from "node:assert/strict";
import { test } from "node:test";
import { initial, isAway, locationAsked, reduce, screenOf } from "widget/model";

const marks = { visitor: { delivered: 0, read: 0 }, agent: { delivered: 0, read: 0 } };
const chat = (state, more = {}) => ({ id: "c1", protocol: "20261122-000001", state, started_at: state === "active" ? "2026-11-22T14:00:00.000Z" : null, rating: null, can_rate: false, location: { state: "none" }, deadline: null, ...more });
const snapshot = (it, entries = [], more = {}) => ({ type: "chat", chat: it, entries, queue: null, marks, ...more });
const welcome = (it, entries = [], more = {}) => ({ ...snapshot(it, entries, more), type: "welcome", visitor: { id: null, name: null, email: null, phone: null }, departments: [] });
const entry = (seq, type, kind = "agent", more = {}) => ({ seq, id: "e" + seq, at: "2026-11-22T14:00:00.000Z", type, by: { kind, id: "x", name: "Marina" }, data: { body: "oi" }, ...more });
const event = (one, it) => ({ type: "event", chat_id: "c1", entry: one, chat: it });
const after = (...actions) => actions.reduce((state, action) => reduce(state, action, 1000), initial());

test("the form is there before any connection", () => {
  assert.equal(screenOf(initial()), "form");
  assert.equal(screenOf(after({ type: "link", state: { name: "waiting", retry_at: 0, code: 1006 } })), "form");
});

test("a refused domain is said and not retried in silence", () => {
  assert.equal(screenOf(after({ type: "link", state: { name: "closed", code: 4003 } })), "refused");
});

test("each state of the chat has its screen", () => {
  const of = (it) => screenOf(after(snapshot(it)));
  assert.equal(of(chat("waiting")), "queue");
  assert.equal(of(chat("waiting", { started_at: "2026-11-22T14:00:00.000Z" })), "talk", "who was already talking keeps seeing the talk");
  assert.equal(of(chat("active")), "talk");
  assert.equal(of(chat("finished", { can_rate: true })), "rate");
  assert.equal(of(chat("finished", { can_rate: true, rating: { score: 5 } })), "ended");
  assert.equal(of(chat("abandoned")), "ended");
  assert.equal(of(chat("missed")), "missed");
});

test("a request stays on its way until its chat is here, and its refusal brings the form back", () => {
  const asking = after({ type: "asking" });
  assert.equal(screenOf(asking), "sending");
  const acked = reduce(asking, { type: "asked", frame: { type: "ack" } });
  assert.equal(screenOf(acked), "sending");
  assert.equal(screenOf(reduce(acked, snapshot(chat("waiting")))), "queue");
  const refused = reduce(asking, { type: "asked", frame: { type: "error", code: "field_required", field: "email" } });
  assert.equal(screenOf(refused), "form");
  assert.equal(refused.refusal.field, "email");
});

test("a chat that comes with a welcome ends the wait for its request too", () => {
  assert.equal(screenOf(after({ type: "asking" }, welcome(chat("waiting")))), "queue");
  assert.equal(screenOf(after({ type: "asking" }, welcome(chat("finished", { can_rate: true })))), "sending", "an old chat is no answer");
});

test("an offline message ends in its own thanks, also after a missed chat", () => {
  const sent = after(snapshot(chat("missed")), { type: "asking" }, { type: "asked", frame: { type: "ack" }, offline: true });
  assert.equal(screenOf(sent), "noted");
});

test("the start of the talk leaves the details behind and an end leaves the rereading", () => {
  const details = after(snapshot(chat("waiting")), { type: "see", wish: "details" });
  assert.equal(screenOf(details), "talk");
  const active = reduce(details, event(entry(1, "started"), chat("active")), 1000);
  const over = reduce(active, event(entry(2, "finished"), chat("finished", { can_rate: true })), 1000);
  assert.equal(screenOf(over), "rate");
});

test("an ended chat that was put away does not come back with the next page", () => {
  const again = after(welcome(chat("finished", { can_rate: true })), { type: "see", wish: "new" });
  assert.equal(screenOf(again), "form");
  assert.equal(screenOf(reduce(initial({ seen: again.seen }), welcome(chat("finished", { can_rate: true })), 0)), "form");
});

test("a message that the ended chat refused is carried to the next one", () => {
  const typed = after(snapshot(chat("active")), { type: "typed", client_id: "m", body: "mais uma coisa", at: "2026-11-22T14:01:00.000Z" });
  const error = { type: "answered", frame: { type: "error", client_id: "m", code: "chat_finished" } };
  const end = event(entry(2, "finished"), chat("finished", { can_rate: true }));
  assert.equal(reduce(reduce(typed, error), end).carry, "mais uma coisa");
  assert.equal(reduce(reduce(typed, end), error).carry, "mais uma coisa", "in either order");
});

test("a resume adds to the timeline and keeps what is pending; another chat replaces it", () => {
  const before = after(snapshot(chat("active"), [entry(1, "message"), entry(2, "message")]), { type: "typed", client_id: "m", body: "x", at: "2026-11-22T14:01:00.000Z" });
  const resumed = reduce(before, welcome(chat("active"), [entry(4, "message")]));
  assert.deepEqual([resumed.timeline.entries.length, resumed.timeline.drafts.length], [3, 1]);
  const other = reduce(before, welcome({ ...chat("waiting"), id: "c2" }, [entry(1, "requested")]));
  assert.deepEqual([other.timeline.entries.length, other.timeline.drafts.length], [1, 0]);
});

test("frames of another chat change nothing", () => {
  const here = after(snapshot(chat("active")));
  for (const frame of [event(entry(9, "message")), { type: "queue", queue: {} }, { type: "marks", ...marks }, { type: "typing", on: true }]) assert.equal(reduce(here, { ...frame, chat_id: "c9" }), here);
});

test("a word of the agent ends their typing, and one's own the warning", () => {
  const warned = after(snapshot(chat("active", { deadline: { kind: "inactivity", in_ms: 5000 } })), { type: "typing", chat_id: "c1", on: true, by: { name: "Marina" } });
  assert.deepEqual([warned.typing, warned.deadline_at], ["Marina", 6000]);
  assert.equal(reduce(warned, event(entry(1, "message"))).typing, null);
  assert.equal(reduce(warned, event(entry(1, "message", "visitor"))).deadline_at, null);
});

test("a rating is known by its entry even where the chat does not come with it", () => {
  const over = after(snapshot(chat("finished", { can_rate: true })), event(entry(3, "rated", "visitor", { data: { score: 4, comment: null } })));
  assert.equal(over.chat.rating.score, 4);
  assert.equal(screenOf(over), "ended");
});

test("a lost connection is one that had been there", () => {
  const link = (name) => ({ type: "link", state: { name } });
  assert.equal(after(link("connecting"), link("waiting")).lost, false);
  const lost = after(link("ready"), link("waiting"), link("connecting"));
  assert.equal(lost.lost, true);
  assert.equal(reduce(lost, link("ready")).lost, false);
});

test("away means nobody in the chosen department, or in any", () => {
  const state = initial({ departments: [{ id: "a", name: "A", state: "offline" }, { id: "b", name: "B", state: "busy" }] });
  assert.deepEqual([isAway(state), isAway(state, "a"), isAway(state, "b")], [false, true, false]);
  assert.equal(isAway(initial()), false, "unknown is not away");
});

test("a revoked location is gone from what is shown and copied", () => {
  const shared = after(snapshot(chat("active"), [entry(1, "located", "visitor", { data: { latitude: 1, longitude: 2, accuracy_m: 3 } })]));
  const revoked = reduce(shared, event(entry(2, "location_revoked", "visitor"), chat("active", { location: { state: "revoked" } })));
  assert.deepEqual(revoked.timeline.entries[0].data, {});
});

test("a declined request for the location is not shown again, a new one is", () => {
  const asked = after(snapshot(chat("active", { location: { state: "asked" } }), [entry(3, "location_asked")]));
  assert.equal(locationAsked(asked), 3);
  const declined = reduce(asked, { type: "decline", seq: 3 });
  assert.equal(locationAsked(declined), 0);
  assert.equal(locationAsked(reduce(declined, event(entry(7, "location_asked"), asked.chat))), 7);
});
