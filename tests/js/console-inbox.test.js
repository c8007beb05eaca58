import assert from "node:assert/strict";
import { test } from "node:test";
import { Inbox, matches } from "console/inbox";

const ME = { id: "me", name: "Marina" };
const OTHER = { id: "joana", name: "Joana" };
const at = (second) => `2026-11-22T12:00:${String(second).padStart(2, "0")}.000Z`;
const zero = () => ({ visitor: { delivered: 0, read: 0 }, agent: { delivered: 0, read: 0 } });

function chat(id, change = {}) {
  return {
    id, protocol: "20261122-000042", state: "waiting", department: { id: "d", name: "Vendas" }, site: { id: "s", name: "Loja" }, agent: null,
    visitor: { id: `v-${id}`, name: null, present: true }, subject: null, tags: [], requested_at: at(0), queued_at: at(0), started_at: null, ended_at: null, end_reason: null,
    started_before: false, offered_to: null, offered_in_ms: null, last_seq: 1, last_message: null, waiting_since: null, unread: 0, marks: zero(), rating: null,
    location: { state: "none" }, deadline: null, ...change,
  };
}

const says = (seq, body, kind = "visitor") => ({ seq, at: at(seq), type: "message", by: { kind, id: "x", name: null }, data: { body } });
const mine = (id, change) => chat(id, { state: "active", agent: ME, started_at: at(1), ...change });
const ids = (chats) => chats.map((one) => one.id);

function inboxWith({ queue = [], chats = [], ended = [] }) {
  const inbox = new Inbox();
  inbox.welcome({ agent: ME, queue, chats, ended });
  return inbox;
}

test("the queue puts who had been started before first, then who asked first", () => {
  const inbox = inboxWith({ queue: [chat("late", { requested_at: at(30) }), chat("early", { requested_at: at(10) }), chat("back", { requested_at: at(50), started_before: true })] });
  assert.deepEqual(ids(inbox.queue()), ["back", "early", "late"]);
});

test("own chats put the longest wait for a reply first and the answered ones after", () => {
  const inbox = inboxWith({ chats: [mine("answered", { last_message: { by: "agent", body: "", at: at(59) } }), mine("short", { waiting_since: at(40) }), mine("long", { waiting_since: at(5) })] });
  assert.deepEqual(ids(inbox.mine()), ["long", "short", "answered"]);
});

test("a message without a copy of the chat counts as unread and starts the wait for a reply", () => {
  const inbox = inboxWith({ chats: [mine("a")] });
  inbox.event({ chat_id: "a", entry: says(2, "oi") });
  inbox.event({ chat_id: "a", entry: says(3, "alguém?") });
  const seen = inbox.chat("a");
  assert.deepEqual([seen.unread, seen.waiting_since, seen.last_message.body, seen.last_seq], [2, at(2), "alguém?", 3]);
});

test("an answer ends the wait, and another tab's answer does so here too", () => {
  const inbox = inboxWith({ chats: [mine("a", { waiting_since: at(2), last_seq: 2 })] });
  inbox.event({ chat_id: "a", entry: says(3, "já vejo", "agent") });
  assert.equal(inbox.chat("a").waiting_since, null);
});

test("an event that was seen already changes nothing", () => {
  const inbox = inboxWith({ chats: [mine("a", { last_seq: 5 })] });
  assert.equal(inbox.event({ chat_id: "a", entry: says(5, "de novo") }), false);
  assert.equal(inbox.chat("a").unread, 0);
});

test("a chat that another agent took leaves the queue with its event", () => {
  const inbox = inboxWith({ queue: [chat("a")] });
  inbox.event({ chat_id: "a", entry: { seq: 2, at: at(2), type: "started", by: { kind: "agent" }, data: {} }, chat: chat("a", { state: "active", agent: OTHER, last_seq: 2 }) });
  assert.deepEqual(ids(inbox.queue()), []);
  assert.deepEqual(ids(inbox.mine()), []);
});

test("a chat unknown so far arrives with its first event", () => {
  const inbox = inboxWith({});
  inbox.event({ chat_id: "n", entry: { seq: 1, at: at(1), type: "requested", by: { kind: "visitor" }, data: {} }, chat: chat("n") });
  assert.deepEqual(ids(inbox.queue()), ["n"]);
});

test("an own chat that ends moves to the ended ones and stays there after chat_left", () => {
  const inbox = inboxWith({ chats: [mine("a")] });
  inbox.event({ chat_id: "a", entry: { seq: 2, at: at(2), type: "finished", by: { kind: "visitor" }, data: {} }, chat: mine("a", { state: "finished", ended_at: at(2), last_seq: 2 }) });
  inbox.left("a", { keep: false });
  assert.deepEqual(ids(inbox.mine()), []);
  assert.deepEqual(ids(inbox.ended()), ["a"]);
});

test("an own chat that goes back to the queue leaves the own ones", () => {
  const inbox = inboxWith({ chats: [mine("a")] });
  inbox.event({ chat_id: "a", entry: { seq: 2, at: at(2), type: "transferred", by: { kind: "system" }, data: {} }, chat: chat("a", { started_before: true, last_seq: 2 }) });
  assert.deepEqual([ids(inbox.queue()), ids(inbox.mine())], [["a"], []]);
});

test("a chat that left is kept only while it is open on screen", () => {
  const inbox = inboxWith({ queue: [chat("open"), chat("closed")] });
  inbox.left("open", { keep: true });
  inbox.left("closed", { keep: false });
  assert.deepEqual(ids(inbox.queue()), []);
  assert.equal(inbox.chat("open")?.id, "open");
  assert.equal(inbox.chat("closed"), null);
});

test("reading is reported once and clears the count at once", () => {
  const inbox = inboxWith({ chats: [mine("a", { last_seq: 4, unread: 3 })] });
  assert.equal(inbox.read("a"), 4);
  assert.equal(inbox.chat("a").unread, 0);
  assert.equal(inbox.read("a"), null);
});

test("only the agent of a chat reports it as read", () => {
  const inbox = inboxWith({ queue: [chat("w", { last_seq: 4 })] });
  assert.equal(inbox.read("w"), null);
});

test("marks of another tab clear the count here", () => {
  const inbox = inboxWith({ chats: [mine("a", { last_seq: 4, unread: 2 })] });
  inbox.marks({ chat_id: "a", visitor: { delivered: 0, read: 0 }, agent: { delivered: 4, read: 4 } }, []);
  assert.equal(inbox.chat("a").unread, 0);
});

test("marks in the middle leave what came after them unread", () => {
  const inbox = inboxWith({ chats: [mine("a", { last_seq: 4, unread: 3 })] });
  inbox.marks({ chat_id: "a", visitor: { delivered: 0, read: 0 }, agent: { delivered: 4, read: 3 } }, [says(2, "a"), says(3, "b"), says(4, "c")]);
  assert.equal(inbox.chat("a").unread, 1);
});

test("a new welcome replaces the lists and keeps the chat being looked at", () => {
  const inbox = inboxWith({ queue: [chat("gone")] });
  inbox.watch(chat("looked", { state: "finished" }));
  inbox.welcome({ agent: ME, queue: [chat("new")], chats: [], ended: [] });
  assert.deepEqual(ids(inbox.queue()), ["new"]);
  assert.equal(inbox.chat("gone"), null);
  assert.equal(inbox.chat("looked")?.id, "looked");
});

test("a supervisor's look at another's chat puts it into no list", () => {
  const inbox = inboxWith({});
  inbox.opened(chat("x", { state: "active", agent: OTHER }));
  assert.deepEqual([inbox.mine(), inbox.queue(), inbox.ended()], [[], [], []]);
});

test("a looked-at chat that is transferred here joins the own ones", () => {
  const inbox = inboxWith({});
  inbox.opened(chat("x", { state: "active", agent: OTHER }));
  inbox.event({ chat_id: "x", entry: { seq: 2, at: at(2), type: "transferred", by: { kind: "agent" }, data: {} }, chat: mine("x", { last_seq: 2 }) });
  assert.deepEqual(ids(inbox.mine()), ["x"]);
});

test("moving down from the last goes round, and from nowhere begins at the top", () => {
  const inbox = inboxWith({});
  assert.equal(inbox.neighbour("b", 1, ["a", "b"]), "a");
  assert.equal(inbox.neighbour(null, 1, ["a", "b"]), "a");
  assert.equal(inbox.neighbour(null, -1, ["a", "b"]), "b");
  assert.equal(inbox.neighbour("a", 1, []), null);
});

test("the search finds names without accents, protocols without the dash, and tags", () => {
  const one = chat("a", { tags: [{ id: "t", name: "segunda via" }] });
  assert.ok(matches(one, "leticia", "Letícia Amorim"));
  assert.ok(matches(one, "20261122000042", "Letícia Amorim"));
  assert.ok(matches(one, "VIA let", "Letícia Amorim"));
  assert.ok(!matches(one, "letícia outra", "Letícia Amorim"));
});
