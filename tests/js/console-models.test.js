import assert from "node:assert/strict";
import { test } from "node:test";
import { Calls, TONE_EVERY_MS, TOAST_MS } from "console/calls";
import { Drafts } from "console/drafts";
import { HeldFinishes, UNDO_MS } from "console/held";
import { OfflineList } from "console/offline_list";
import { HeldOrder, HOLD_MS } from "console/order";
import { Roster } from "console/roster";
import { actionOf, keysOf } from "console/shortcuts";
import { title } from "console/title";
import { waitingSinceMs, waitLevel } from "console/wait";
import { openStorage } from "lib/storage";

test("a wait is near from three quarters of the goal and late only past it", () => {
  assert.equal(waitLevel(134_999, 180), "calm");
  assert.equal(waitLevel(135_000, 180), "near");
  assert.equal(waitLevel(180_000, 180), "near");
  assert.equal(waitLevel(180_001, 180), "late");
});

test("who came back to the queue waits from the return, who never left it from the request", () => {
  const times = { requested_at: "2026-11-22T12:00:00.000Z", queued_at: "2026-11-22T12:10:00.000Z" };
  assert.equal(waitingSinceMs({ ...times, started_before: true }), Date.parse(times.queued_at));
  assert.equal(waitingSinceMs({ ...times, started_before: false }), Date.parse(times.requested_at));
});

test("the order is held under the pointer: new ones join at the end, gone ones leave", () => {
  const order = new HeldOrder();
  order.arrange(["a", "b", "c"], 0);
  order.hold(0);
  assert.deepEqual(order.arrange(["d", "c", "a"], 1), ["a", "c", "d"]);
  assert.deepEqual(order.arrange(["d", "c", "a"], HOLD_MS), ["d", "c", "a"]);
});

test("the true order comes back when the pointer leaves", () => {
  const order = new HeldOrder();
  order.arrange(["a", "b"], 0);
  order.hold(0);
  order.release();
  assert.deepEqual(order.arrange(["b", "a"], 1), ["b", "a"]);
});

test("the toast offers the longest wait of those that ring, and counts the others", () => {
  const calls = new Calls();
  for (const id of ["new", "old", "other"]) calls.ring(id, "department");
  assert.deepEqual(calls.offer(["silent", "old", "other", "new"], 0), { chatId: "old", more: 2 });
});

test("a call that somebody took is quiet at once", () => {
  const calls = new Calls();
  calls.ring("a", "department");
  calls.offer(["a"], 0);
  calls.unring("a");
  assert.equal(calls.offer(["a"], 1), null);
  assert.equal(calls.toneDue(TONE_EVERY_MS * 2), false);
});

test("a call put aside rings again when a larger circle is called, and not for the same circle", () => {
  const calls = new Calls();
  calls.ring("a", "department");
  calls.dismiss("a");
  assert.equal(calls.ring("a", "department"), false);
  assert.equal(calls.offer(["a"], 0), null);
  assert.equal(calls.ring("a", "everyone"), true);
  assert.equal(calls.offer(["a"], 0)?.chatId, "a");
});

test("the toast leaves after its time and the next one takes its place", () => {
  const calls = new Calls();
  calls.ring("a", "department");
  calls.ring("b", "department");
  calls.offer(["a", "b"], 0);
  assert.equal(calls.expire(TOAST_MS - 1), false);
  assert.equal(calls.expire(TOAST_MS), true);
  assert.equal(calls.offer(["a", "b"], TOAST_MS)?.chatId, "b");
});

test("hovering stops the toast's clock", () => {
  const calls = new Calls();
  calls.ring("a", "department");
  calls.offer(["a"], 0);
  calls.pause(1_000);
  assert.equal(calls.expire(TOAST_MS * 3), false);
  calls.resume(TOAST_MS * 3);
  assert.equal(calls.expire(TOAST_MS * 4 - 1_001), false);
  assert.equal(calls.expire(TOAST_MS * 4 - 1_000), true);
});

test("the tone sounds at once and then at its distance", () => {
  const calls = new Calls();
  calls.ring("a", "department");
  calls.offer(["a"], 0);
  assert.deepEqual([calls.toneDue(0), calls.toneDue(1), calls.toneDue(TONE_EVERY_MS)], [true, false, true]);
});

test("after a reconnect only what still waits can ring", () => {
  const calls = new Calls();
  calls.ring("a", "department");
  calls.ring("b", "department");
  calls.keepOnly(["b"]);
  assert.equal(calls.isRinging("a"), false);
  assert.equal(calls.isRinging("b"), true);
});

test("a finish is sent when its time is over and not before", () => {
  const sent = [];
  const held = new HeldFinishes((id) => sent.push(id));
  held.hold("a", 0);
  assert.equal(held.tick(UNDO_MS - 1), false);
  assert.equal(held.tick(UNDO_MS), true);
  assert.equal(held.tick(UNDO_MS * 2), false);
  assert.deepEqual(sent, ["a"]);
});

test("a finish taken back is never sent, not even when the page is left", () => {
  const sent = [];
  const held = new HeldFinishes((id) => sent.push(id));
  held.hold("a", 0);
  held.hold("b", 0);
  assert.equal(held.undo("a"), true);
  held.flush();
  held.flush();
  assert.deepEqual(sent, ["b"]);
});

test("drafts are kept per chat and kind, and a refused text comes before what was begun since", () => {
  const storage = openStorage("x.", () => { throw new Error("blocked"); });
  const drafts = new Drafts(storage);
  drafts.write("a", "message", "oi", 1);
  drafts.write("a", "note", "nota", 1);
  drafts.giveBack("a", "message", "antes", 2);
  assert.equal(drafts.read("a", "message"), "antes\noi");
  assert.equal(drafts.read("a", "note"), "nota");
  assert.equal(drafts.read("b", "message"), "");
});

test("old drafts are swept and fresh ones kept", () => {
  const storage = openStorage("x.", () => { throw new Error("blocked"); });
  const drafts = new Drafts(storage);
  const day = 24 * 3600 * 1000;
  drafts.write("old", "message", "x", 0);
  drafts.write("new", "message", "y", 39 * day);
  drafts.sweep(40 * day);
  assert.equal(drafts.read("old", "message"), "");
  assert.equal(drafts.read("new", "message"), "y");
});

const press = (code, change = {}) => ({ key: code.replace("Key", "").toLowerCase(), code, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...change });
const pc = { mac: false, letters: true, inField: true };
const mac = { ...pc, mac: true };

test("Alt and a letter act, also while writing", () => {
  assert.equal(actionOf(press("KeyN", { altKey: true }), pc), "accept");
  assert.equal(actionOf(press("KeyE", { altKey: true }), pc), "finish");
  assert.equal(actionOf(press("KeyN"), pc), null);
});

test("AltGr types and never acts", () => {
  assert.equal(actionOf(press("KeyE", { altKey: true, ctrlKey: true }), pc), null);
});

test("on macOS Option alone types ã and é, Control and Option act", () => {
  assert.equal(actionOf(press("KeyN", { altKey: true, key: "Dead" }), mac), null);
  assert.equal(actionOf(press("KeyE", { altKey: true, key: "´" }), mac), null);
  assert.equal(actionOf(press("KeyN", { altKey: true, ctrlKey: true, key: "˜" }), mac), "accept");
});

test("dead and composing keys never act", () => {
  assert.equal(actionOf(press("KeyN", { altKey: true, key: "Dead" }), pc), null);
  assert.equal(actionOf(press("KeyN", { altKey: true, isComposing: true }), pc), null);
});

test("letters can be turned off, arrows stay", () => {
  const off = { ...pc, letters: false };
  assert.equal(actionOf(press("KeyT", { altKey: true }), off), null);
  assert.equal(actionOf(press("ArrowDown", { altKey: true, key: "ArrowDown" }), off), "next");
});

test("a held key moves on but takes no second chat", () => {
  assert.equal(actionOf(press("ArrowUp", { altKey: true, repeat: true, key: "ArrowUp" }), pc), "previous");
  assert.equal(actionOf(press("KeyN", { altKey: true, repeat: true }), pc), null);
});

test("the question mark helps outside fields only", () => {
  const mark = press("Slash", { key: "?", shiftKey: true });
  assert.equal(actionOf(mark, { ...pc, inField: false }), "help");
  assert.equal(actionOf(mark, pc), null);
});

test("search is Ctrl K, on macOS Command K", () => {
  assert.equal(actionOf(press("KeyK", { ctrlKey: true }), pc), "search");
  assert.equal(actionOf(press("KeyK", { metaKey: true }), mac), "search");
  assert.equal(actionOf(press("KeyK", { ctrlKey: true, altKey: true }), pc), null);
});

test("the help prints the keys that act", () => {
  assert.deepEqual(keysOf("accept", false), ["Alt", "N"]);
  assert.deepEqual(keysOf("accept", true), ["Ctrl", "Option", "N"]);
  assert.deepEqual(keysOf("next", false), ["Alt", "↓"]);
});

test("the title carries the queue and the unread, and nothing when there is nothing", () => {
  const of = (waiting, unread) => title({ waiting, unread, label: "Conversas", product: "Papo" });
  assert.equal(of(0, 0), "Conversas · Papo");
  assert.equal(of(3, 1), "(4) Conversas · Papo");
  assert.equal(of(100, 0), "(99+) Conversas · Papo");
});

function rosterWith({ role = "agent", supervisor = false } = {}) {
  const roster = new Roster();
  const agent = (id, state, connected, load) => ({ id, name: id, availability: { state, reason: null }, connected, load, max_chats: 3, departments: ["d2"] });
  roster.welcome({
    agent: { id: "me", name: "me", role, max_chats: 3, availability: { state: "online", reason: null } },
    departments: [{ id: "d1", name: "Vendas", member: true, supervisor, wait_goal_seconds: 60 }, { id: "d2", name: "Trocas", member: false, supervisor: false, wait_goal_seconds: 90 }],
    agents: [agent("full", "online", true, 3), agent("paused", "paused", true, 0), agent("lost", "online", false, 0), agent("free", "online", true, 1)],
    tags: [],
  });
  return roster;
}

test("only who is online with room can be chosen for a transfer, and comes first", () => {
  const { agents, departments } = rosterWith().receivers({ departmentId: "d1", agentId: "me" });
  assert.equal(agents[0].id, "free");
  assert.deepEqual(agents.filter((one) => one.allowed).map((one) => one.id), ["free"]);
  assert.deepEqual(departments.map((one) => [one.id, one.free]), [["d2", 1]]);
});

test("a supervisor may choose anybody", () => {
  const { agents } = rosterWith({ supervisor: true }).receivers({ departmentId: "d1", agentId: "me" });
  assert.ok(agents.every((one) => one.allowed));
});

test("what another tab chose as availability holds here", () => {
  const roster = rosterWith();
  roster.setAgent({ id: "me", name: "me", availability: "paused", connected: true, load: 0, max_chats: 5, departments: [] });
  assert.deepEqual([roster.me.availability.state, roster.me.max_chats], ["paused", 5]);
});

const note = (id, at, change = {}) => ({ id, at, department: null, site: null, name: null, email: null, phone: null, body: "", protocol: null, chat_id: null, done_at: null, done_by: null, ...change });

test("offline messages: the oldest open one first, the latest done one first", () => {
  const list = new OfflineList([note("b", "2"), note("a", "1"), note("x", "0", { done_at: "5" }), note("y", "0", { done_at: "6" })]);
  assert.deepEqual(list.list("open").map((one) => one.id), ["a", "b"]);
  assert.deepEqual(list.list("done").map((one) => one.id), ["y", "x"]);
});

test("a message marked as handled opens again when the server refuses", () => {
  const list = new OfflineList([note("a", "1", { name: "Joaquim" })]);
  list.done("a", null, "2");
  assert.equal(list.list("open").length, 0);
  list.reopen("a");
  assert.deepEqual(list.list("open", "joaq").map((one) => one.id), ["a"]);
});
