import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "console/desk";
import { UNDO_MS } from "console/held";
import { openStorage } from "lib/storage";

const ME = { id: "me", name: "Marina", role: "agent", max_chats: 3, availability: { state: "online", reason: null } };
const at = (second) => `2026-11-22T12:00:${String(second).padStart(2, "0")}.000Z`;
const department = { id: "d", name: "Vendas", member: true, supervisor: false, routing: "least_busy", wait_goal_seconds: 180, wait_limit_seconds: null, tags_required: false, state: "online" };

function chat(id, change = {}) {
  const marks = { visitor: { delivered: 0, read: 0 }, agent: { delivered: 9, read: 9 } };
  return {
    id, protocol: "20261122-000042", state: "active", department, site: { id: "s", name: "Loja" }, agent: ME, visitor: { id: "v", name: "Caio", present: true }, subject: null, tags: [],
    requested_at: at(0), queued_at: at(0), started_at: at(1), ended_at: null, end_reason: null, started_before: false, offered_to: null, offered_in_ms: null, last_seq: 2, last_message: null,
    waiting_since: null, unread: 0, marks, rating: null, location: { state: "none" }, deadline: null, ...change,
  };
}
const waiting = (id, change) => chat(id, { state: "waiting", agent: null, started_at: null, ...change });
const visitorSays = (seq, body) => ({ seq, id: `e${seq}`, at: at(seq), type: "message", by: { kind: "visitor", id: "v", name: "Caio" }, data: { body } });

/** A desk whose socket is in the test's hands. */
function setUp({ lists = {}, storage = openStorage("x.", () => { throw new Error("blocked"); }) } = {}) {
  const happenings = [];
  const clock = { now: Date.parse(at(10)) };
  const line = { sent: [], socket: /** @type {any} */ (null) };
  class FakeSocket {
    readyState = 1;
    constructor() {
      line.socket = this;
    }
    send(text) {
      line.sent.push(JSON.parse(text));
    }
    close() {
      this.readyState = 3;
    }
  }
  const timers = { setTimeout: () => 0, clearTimeout: () => {} };
  const desk = new Desk({ url: "ws://x", storage, onChange: () => {}, onHappening: (one) => happenings.push(one), now: () => clock.now, socket: { WebSocket: FakeSocket, timers, page: null } });
  const hears = (frame) => line.socket.onmessage({ data: JSON.stringify(frame) });
  const welcome = (more = {}) => {
    line.socket.onopen();
    hears({ type: "welcome", protocol: 1, server_time: at(10), agent: ME, departments: [department], agents: [], tags: [], queue: [], chats: [], ended: [], offline_unread: 0, ...lists, ...more });
  };
  const lastSent = (type) => line.sent.filter((frame) => frame.type === type).at(-1);
  const answersOpen = (id, entries, change) => hears({ type: "chat", client_id: lastSent("open").client_id, chat: chat(id, change), card: {}, entries });
  desk.socket.open();
  return { desk, hears, welcome, lastSent, answersOpen, happenings, clock, line, storage, sentTypes: () => line.sent.map((frame) => frame.type) };
}

test("what was said without a connection is shown at once and sent after the welcome", () => {
  const { desk, welcome, lastSent } = setUp({ lists: { chats: [chat("a")] } });
  desk.say("a", "message", "oi");
  assert.equal(desk.threads.of("a").timeline.drafts[0].body, "oi");
  assert.equal(lastSent("message"), undefined);
  welcome();
  assert.equal(lastSent("message").body, "oi");
});

test("after a reconnect the open chat is resumed after its last entry", () => {
  const { desk, welcome, lastSent, answersOpen, line } = setUp({ lists: { chats: [chat("a")] } });
  welcome();
  desk.select("a");
  assert.equal(lastSent("open").after, null);
  answersOpen("a", [visitorSays(1, "a"), visitorSays(2, "b")]);
  line.socket.onclose({ code: 1006 });
  desk.socket.open();
  welcome();
  assert.equal(lastSent("open").after, 2);
  answersOpen("a", [visitorSays(3, "c")], { last_seq: 3 });
  assert.deepEqual(desk.threads.of("a").timeline.entries.map((entry) => entry.seq), [1, 2, 3]);
});

test("a live event that the snapshot has already brings no second copy", () => {
  const { desk, welcome, hears, answersOpen } = setUp({ lists: { chats: [chat("a")] } });
  welcome();
  desk.select("a");
  answersOpen("a", [visitorSays(1, "a"), visitorSays(2, "b")]);
  hears({ type: "event", chat_id: "a", entry: visitorSays(2, "b") });
  assert.equal(desk.threads.of("a").timeline.entries.length, 2);
});

test("reading is told only while somebody looks", () => {
  const { desk, welcome, hears, answersOpen, lastSent } = setUp({ lists: { chats: [chat("a")] } });
  let looking = false;
  desk.watching = () => looking;
  welcome();
  desk.select("a");
  answersOpen("a", [visitorSays(1, "a"), visitorSays(2, "b")]);
  hears({ type: "event", chat_id: "a", entry: visitorSays(10, "c") });
  assert.equal(lastSent("mark").read, undefined);
  looking = true;
  desk.readSelected();
  assert.equal(lastSent("mark").read, 10);
});

test("a finish goes out after its moment, and survives a page that is left before", () => {
  const first = setUp({ lists: { chats: [chat("a")] } });
  first.welcome();
  first.desk.finish("a");
  first.desk.tick();
  assert.equal(first.lastSent("finish"), undefined);
  first.desk.leave();
  assert.equal(first.lastSent("finish").chat_id, "a");
  const second = setUp({ lists: { chats: [chat("a")] }, storage: first.storage });
  second.welcome();
  assert.equal(second.lastSent("finish").client_id, first.lastSent("finish").client_id);
});

test("a word of the visitor takes a held finish back", () => {
  const { desk, welcome, hears, clock, lastSent, happenings } = setUp({ lists: { chats: [chat("a")] } });
  welcome();
  desk.finish("a");
  hears({ type: "event", chat_id: "a", entry: visitorSays(3, "espera") });
  clock.now += UNDO_MS;
  desk.tick();
  assert.equal(lastSent("finish"), undefined);
  assert.ok(happenings.some((one) => one.kind === "kept_open"));
});

test("an accept that came second is told with the server's words and stops ringing", () => {
  const { desk, welcome, hears, lastSent, happenings } = setUp({ lists: { queue: [waiting("w")] } });
  welcome();
  hears({ type: "ring", chat_id: "w", circle: "department" });
  assert.equal(desk.offer()?.chatId, "w");
  desk.accept("w");
  hears({ type: "error", client_id: lastSent("accept").client_id, code: "already_taken", message: "Joana já assumiu." });
  hears({ type: "chat_left", chat_id: "w" });
  assert.equal(desk.offer(), null);
  assert.equal(happenings.find((one) => one.kind === "refused").message, "Joana já assumiu.");
});

test("everything stops ringing when somebody else takes the chat", () => {
  const { desk, welcome, hears } = setUp({ lists: { queue: [waiting("w")] } });
  welcome();
  hears({ type: "ring", chat_id: "w", circle: "department" });
  hears({ type: "event", chat_id: "w", entry: { seq: 3, id: "s", at: at(3), type: "started", by: { kind: "agent", id: "joana", name: "Joana" }, data: {} }, chat: chat("w", { agent: { id: "joana", name: "Joana" }, last_seq: 3 }) });
  assert.equal(desk.offer(), null);
  assert.equal(desk.calls.isRinging("w"), false);
});

test("nobody is called who paused or is without a connection", () => {
  const { desk, welcome, hears, line } = setUp({ lists: { queue: [waiting("w")] } });
  welcome();
  hears({ type: "ring", chat_id: "w", circle: "department" });
  void desk.setAvailability("paused");
  assert.equal(desk.offer(), null);
  void desk.setAvailability("online");
  assert.equal(desk.offer()?.chatId, "w");
  line.socket.onclose({ code: 1006 });
  assert.equal(desk.offer(), null);
});

test("an offer made while away rings after the welcome, once", () => {
  const { welcome, hears, happenings } = setUp({ lists: { queue: [waiting("w", { offered_to: { id: "me", name: "Marina" } })] } });
  welcome();
  hears({ type: "ring", chat_id: "w", circle: "offer" });
  assert.equal(happenings.filter((one) => one.kind === "call").length, 1);
});

test("an offer that passed on while away rings no more", () => {
  const { desk, welcome, hears, line } = setUp({ lists: { queue: [waiting("w", { offered_to: { id: "me", name: "Marina" } })] } });
  welcome();
  hears({ type: "ring", chat_id: "w", circle: "offer" });
  line.socket.onclose({ code: 1006 });
  desk.socket.open();
  welcome({ queue: [waiting("w", { offered_to: { id: "joana", name: "Joana" } })] });
  assert.equal(desk.offer(), null);
});

test("a refused availability goes back to what it was", async () => {
  const { desk, welcome, hears, lastSent } = setUp();
  welcome();
  const asked = desk.setAvailability("offline");
  assert.equal(desk.roster.me.availability.state, "offline");
  hears({ type: "error", client_id: lastSent("availability").client_id, code: "forbidden", message: "Não." });
  await asked;
  assert.equal(desk.roster.me.availability.state, "online");
});

test("a refused text stays in the stream until it is edited or discarded", () => {
  const { desk, welcome, hears, lastSent } = setUp({ lists: { chats: [chat("a")] } });
  welcome();
  desk.say("a", "message", "tarde demais");
  const { client_id } = lastSent("message");
  hears({ type: "error", client_id, code: "chat_finished", message: "Acabou." });
  assert.equal(desk.threads.of("a").timeline.drafts[0].state, "failed");
  assert.equal(desk.discard("a", client_id).body, "tarde demais");
  assert.equal(desk.threads.of("a").timeline.drafts.length, 0);
});

test("looking at a foreign chat ends with shut, an own one needs none", () => {
  const { desk, welcome, answersOpen, sentTypes, lastSent } = setUp({ lists: { chats: [chat("a")] } });
  welcome();
  desk.select("x");
  answersOpen("x", [], { agent: { id: "joana", name: "Joana" } });
  desk.select("a");
  assert.equal(lastSent("shut").chat_id, "x");
  desk.select(null);
  assert.equal(sentTypes().filter((type) => type === "shut").length, 1);
});

test("more missed than one frame holds starts the timeline anew instead of leaving a hole", () => {
  const { desk, welcome, hears, lastSent, answersOpen, line } = setUp({ lists: { chats: [chat("a")] } });
  welcome();
  desk.select("a");
  answersOpen("a", [visitorSays(1, "a"), visitorSays(2, "b")]);
  line.socket.onclose({ code: 1006 });
  desk.socket.open();
  welcome();
  hears({ type: "chat", client_id: lastSent("open").client_id, chat: chat("a", { last_seq: 500 }), card: {}, entries: [visitorSays(400, "x")], more_before: 400 });
  const { timeline } = desk.threads.of("a");
  assert.deepEqual([timeline.entries.map((entry) => entry.seq), timeline.more_before], [[400], 400]);
});

test("typing is told at most every three seconds and taken back when the field is empty", () => {
  const { desk, welcome, clock, line } = setUp({ lists: { chats: [chat("a")] } });
  welcome();
  const told = () => line.sent.filter((frame) => frame.type === "typing").map((frame) => frame.on);
  desk.typing("a", false);
  desk.typing("a", false);
  assert.deepEqual(told(), [true]);
  clock.now += 3_000;
  desk.typing("a", false);
  desk.typing("a", true);
  desk.typing("a", true);
  assert.deepEqual(told(), [true, true, false]);
});

test("a card that moves to another page keeps the chats of before, which are told once", () => {
  const { desk, hears, welcome, lastSent } = setUp({ lists: { chats: [chat("a")] } });
  welcome();
  desk.select("a");
  const previous = [{ id: "z", protocol: "p", subject: "antes", requested_at: at(0), agent: null, rating: null }];
  const card = (title) => ({ visitor: { id: "v" }, page: { url: null, title, referrer: null }, present: true, consent: null, cards: [] });
  hears({ type: "chat", client_id: lastSent("open").client_id, chat: chat("a"), card: { ...card("um"), previous }, entries: [] });
  hears({ type: "card", chat_id: "a", card: card("dois") });
  assert.equal(desk.threads.of("a").card.page.title, "dois");
  assert.deepEqual(desk.threads.of("a").card.previous, previous);
});
