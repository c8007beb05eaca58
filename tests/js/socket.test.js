import assert from "node:assert/strict";
import { test } from "node:test";
import { createSocket } from "lib/socket";

function setUp() {
  const made = [];
  const states = [];
  const frames = [];
  const jobs = new Map();
  let next = 0;
  const timers = { setTimeout: (job, ms) => (jobs.set(++next, { job, ms }), next), clearTimeout: (id) => jobs.delete(id) };
  class Fake {
    readyState = 1;
    sent = [];
    constructor() {
      made.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close() {
      this.closed = true;
    }
    gets(frame) {
      this.onmessage({ data: JSON.stringify(frame) });
    }
  }
  const listeners = {};
  const page = { addEventListener: (name, listener) => (listeners[name] = listener) };
  const socket = createSocket({ url: "ws://x", hello: () => ({ type: "hello" }), onFrame: (frame) => frames.push(frame.type), onState: (state) => states.push(state), WebSocket: Fake, timers, page, random: () => 0.5, now: () => 1000 });
  const run = () => {
    const [id, { job, ms }] = [...jobs].at(-1);
    jobs.delete(id);
    job();
    return ms;
  };
  const ready = () => {
    made.at(-1).onopen();
    made.at(-1).gets({ type: "welcome" });
  };
  return { socket, made, states, frames, run, ready, listeners, names: () => states.map((state) => state.name) };
}

test("hello is the first frame and nothing goes out before the welcome", () => {
  const { socket, made, ready, names } = setUp();
  socket.open();
  assert.equal(socket.send({ type: "typing" }), false);
  ready();
  assert.equal(socket.send({ type: "typing" }), true);
  assert.deepEqual(made[0].sent.map((frame) => frame.type), ["hello", "typing"]);
  assert.deepEqual(names(), ["connecting", "ready"]);
});

test("a lost connection comes back with growing pauses, and a welcome resets them", () => {
  const { socket, made, run, ready, states } = setUp();
  socket.open();
  const waits = [0, 1, 2].map(() => {
    made.at(-1).onclose({ code: 1006 });
    const wait_ms = states.at(-1).retry_at - 1000;
    run();
    return wait_ms;
  });
  assert.deepEqual(waits, [750, 1500, 3000]);
  ready();
  made.at(-1).onclose({ code: 1006 });
  assert.equal(states.at(-1).retry_at - 1000, 750);
});

test("pauses never pass the limit", () => {
  const { socket, made, run, states } = setUp();
  socket.open();
  for (let i = 0; i < 20; i += 1) {
    made.at(-1).onclose({ code: 1006 });
    run();
  }
  made.at(-1).onclose({ code: 1006 });
  assert.equal(states.at(-1).retry_at - 1000, 45_000);
});

test("going_away decides when to come back", () => {
  const { socket, made, ready, states } = setUp();
  socket.open();
  ready();
  made[0].gets({ type: "going_away", reconnect_in_ms: 2000 });
  made[0].onclose({ code: 1012 });
  assert.equal(states.at(-1).retry_at - 1000, 3000);
});

test("a refusal for good is not tried again", () => {
  for (const code of [1008, 4001, 4003]) {
    const { socket, made, states } = setUp();
    socket.open();
    made[0].onclose({ code });
    assert.deepEqual(states.at(-1), { name: "closed", code });
    socket.wake();
    assert.equal(made.length, 1);
  }
});

test("a slow socket comes back at once, too many connections after half a minute", () => {
  const slow = setUp();
  slow.socket.open();
  slow.ready();
  slow.made[0].onclose({ code: 4008 });
  assert.equal(slow.states.at(-1).retry_at, 1000);
  const many = setUp();
  many.socket.open();
  many.made[0].onclose({ code: 4029 });
  assert.equal(many.states.at(-1).retry_at, 46_000);
});

test("silence is answered by a ping and then by a new connection", () => {
  const { socket, made, run, ready, states } = setUp();
  socket.open();
  ready();
  run();
  assert.equal(made[0].sent.at(-1).type, "ping");
  run();
  assert.equal(made[0].closed, true);
  assert.equal(states.at(-1).name, "waiting");
  made[0].gets({ type: "welcome" });
  assert.equal(states.at(-1).name, "waiting", "a late frame of the old connection changes nothing");
});

test("a pong proves life and reaches nobody", () => {
  const { socket, made, run, ready, frames, states } = setUp();
  socket.open();
  ready();
  run();
  made[0].gets({ type: "pong" });
  run();
  assert.equal(made[0].sent.filter((frame) => frame.type === "ping").length, 2);
  assert.deepEqual(frames, ["welcome"]);
  assert.equal(states.at(-1).name, "ready");
});

test("the browser back online ends the wait", () => {
  const { socket, made, listeners, states } = setUp();
  socket.open();
  made[0].onclose({ code: 1006 });
  listeners.online();
  assert.equal(made.length, 2);
  assert.equal(states.at(-1).name, "connecting");
});

test("half of a character goes out as a replacement character, whole ones as they are", () => {
  const { socket, made, ready } = setUp();
  socket.open();
  ready();
  const whole = "olá 👩🏽‍💻";
  const cut = (/** @type {string} */ text) => text.slice(0, -1);
  socket.send({ type: "request", name: cut("Ana 🦀"), fields: { "cor": cut("💙") }, consent: null, tags: [whole, cut("📦")], n: 3, on: false });
  assert.deepEqual(made[0].sent.at(-1), { type: "request", name: "Ana \ufffd", fields: { cor: "\ufffd" }, consent: null, tags: [whole, "\ufffd"], n: 3, on: false });
});
