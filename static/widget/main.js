// @ts-check
// Wires the visitor's window: storage, socket, outbox, host page, screens. Decides nothing that model.js can decide.

import { el, fill, jsonOf } from "lib/dom";
import { locale, t } from "widget/texts";
import { createOutbox, shelfIn } from "lib/outbox";
import { createSocket } from "lib/socket";
import { openStorage } from "lib/storage";
import { unread } from "lib/timeline";
import { uuid } from "lib/uuid";
import { banner } from "widget/banner";
import { form } from "widget/form";
import { head } from "widget/head";
import { bridge } from "widget/host";
import { initial, isOpen, reduce, screenOf } from "widget/model";
import { button, thanks } from "widget/parts";
import { queue } from "widget/queue";
import { ended, noted, rate } from "widget/rating";
import { talk } from "widget/talk";

/** @typedef {typeof app} App */

const TYPING_MAX_MS = 6_000;
/** The page around the frame speaks first; without it (opened alone) the window goes on by itself. */
const HOST_MAX_MS = 1_500;

const config = jsonOf("config");
const storage = openStorage(`papo:${config.site.key}:`);
let state = initial({ departments: config.departments, seen: storage.get("seen"), declined: storage.get("declined") ?? 0 });
/** @type {string | null} */ let token = storage.get("token");
/** @type {any} */ let page = null;
/** @type {any} */ let typingTimer;
let opened = parent === window;
let marked = { delivered: 0, read: 0 };

const socket = createSocket({
  url: config.ws_url,
  hello: () => ({
    type: "hello",
    protocol: 1,
    site: config.site.key,
    token,
    locale,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    page: page ?? { url: location.href, title: document.title, referrer: "" },
    resume: state.chat && state.timeline.last_seq ? { chat_id: state.chat.id, seq: state.timeline.last_seq } : null,
  }),
  onFrame: hear,
  onState(link) {
    if (link.name === "waiting" && link.code === 1009) outbox.refuseLongest();
    act({ type: "link", state: link });
    if (link.name === "ready") outbox.resend();
  },
});
const outbox = createOutbox({ send: (command) => socket.send(command), onSettle: settled, shelf: shelfIn(storage) });

const app = {
  config,
  storage,
  socket,
  act,
  get state() {
    return state;
  },
  refresh: render,
  close: () => tell("close"),

  /** A command about the present chat. @param {string} type @param {object} [fields] */
  command: (type, fields) => outbox.submit({ type, chat_id: state.chat.id, ...fields }, { keep: type === "rate" }),

  /** A request or an offline message. @param {any} command */
  ask(command) {
    // The token must be kept before anything is made that only it can find again.
    if (token) storage.set("token", token);
    outbox.submit(command, { keep: true });
    act({ type: "asking" });
  },

  /** @param {string} body */
  say(body) {
    const client_id = uuid();
    act({ type: "typed", client_id, body, at: new Date().toISOString() });
    outbox.submit({ type: "message", client_id, chat_id: state.chat.id, body }, { keep: true });
  },

  /** @param {import("../lib/timeline.js").Message} message one that failed */
  again(message) {
    act({ type: "again", client_id: message.key });
    app.say(message.body);
  },

  /** @param {boolean} on */
  typing: (on) => socket.send({ type: "typing", chat_id: state.chat.id, on }),

  /** Earlier entries. @returns {Promise<boolean>} whether there may be more */
  async earlier() {
    if (!state.timeline.more_before || !socket.ready) return false;
    const frame = await outbox.submit({ type: "history", chat_id: state.chat.id, before: state.timeline.more_before });
    return frame.type === "history" && Boolean(frame.more_before);
  },

  /** @param {number} seq */
  declineLocation(seq) {
    app.say(t("widget.location.declined"));
    act({ type: "decline", seq });
    storage.set("declined", seq);
  },

  startAgain: () => act({ type: "see", wish: "new" }),
};

/** @param {any} command @param {any} frame */
function settled(command, frame) {
  if (command.type === "message") act({ type: "answered", frame });
  else if (command.type === "request" || command.type === "offline_message") {
    if (frame.type === "ack") storage.remove("draft");
    else storage.set("draft", command.message ?? command.body);
    act({ type: "asked", frame, offline: command.type === "offline_message" });
  }
}

/** @param {any} frame */
function hear(frame) {
  if (frame.type === "error" && frame.code === "token_unknown") {
    token = null;
    storage.remove("token");
    return socket.hello();
  }
  if (frame.type === "welcome") {
    token = frame.token;
    if (storage.get("token") || frame.chat || outbox.pending.length) storage.set("token", token);
    marked = { delivered: 0, read: 0 };
  }
  if (frame.type === "typing") {
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => act({ ...frame, on: false }), TYPING_MAX_MS);
  }
  outbox.settle(frame);
  act(frame);
  if (frame.type === "welcome") recover();
}

/** After a welcome, what was typed before a reload and is not acknowledged is shown where it was. */
function recover() {
  for (const command of outbox.pending) {
    if (command.type === "message" && command.chat_id === state.chat?.id) act({ type: "typed", client_id: command.client_id, body: command.body, at: new Date().toISOString() });
    if (command.type === "request" || command.type === "offline_message") act({ type: "asking" });
  }
}

/** @param {any} action */
function act(action) {
  const before = state;
  state = reduce(state, action);
  if (state === before) return;
  if (state.seen !== before.seen) storage.set("seen", state.seen);
  render();
}

const main = el("main", { id: "main" });
const top = head(/** @type {any} */ (app));
const line = banner(/** @type {any} */ (app));
/** @type {any} */ let screen = null;
let shown = "";
/** @type {any} */ let asked = null;

const screens = {
  form: () => form(app),
  missed: () => form(app, { missed: true }),
  sending: () => plain(t("widget.sending.title"), t("widget.sending.lead")),
  refused: () => plain(t("widget.refused.title"), state.complaint || t("widget.refused.lead"), () => socket.open()),
  queue: () => queue(app),
  talk: () => talk(app),
  rate: () => rate(app),
  ended: () => ended(app),
  noted: () => noted(app),
};

/** A sentence instead of a spinner. @param {string} title @param {string} lead @param {() => void} [retry] */
function plain(title, lead, retry) {
  return { node: thanks({ role: "status" }, [el("h2", null, title), el("p", null, lead), retry && button("", t("widget.link.now"), retry)]), update() {} };
}

/** Into the first question or the composer; where there is neither, the title tells where one is. */
const focus = () => (screen.focus ?? (() => top.title.focus()))();

function render() {
  const name = screenOf(state);
  const key = name + (state.chat && name !== "form" ? state.chat.id : "");
  top.update(state, name);
  line.update(state);
  if (key !== shown) {
    const at = document.activeElement;
    const held = main.contains(at) || at === document.body || at === top.title;
    shown = key;
    // A refused request finds its form as it was.
    screen = (state.refusal && asked?.[name]) || screens[name]();
    if (screen.asks) asked = { [name]: screen };
    screen.update(state);
    fill(main, screen.node);
    screen.update(state);
    document.title = top.title.textContent;
    if (held && document.hasFocus()) focus();
  } else screen.update(state);
  read();
}

/** Marks what has come, and what was seen: only in a window that is open in a tab that is looked at. */
function read() {
  const { chat, timeline } = state;
  if (chat && timeline.marks && /^(talk|rate)/.test(shown) && opened && document.visibilityState === "visible" && timeline.marks.visitor.read < timeline.last_seq) {
    return act({ type: "read", seq: timeline.last_seq });
  }
  const next = { delivered: timeline.last_seq, read: timeline.marks?.visitor.read ?? 0 };
  if (chat && (next.delivered > marked.delivered || next.read > marked.read) && socket.send({ type: "mark", chat_id: chat.id, ...next })) marked = next;
  const n = chat ? unread(timeline, "visitor") : 0;
  const last = n > 0 && timeline.entries.filter((entry) => entry.type === "message" && entry.by.kind !== "visitor").at(-1);
  tell("unread", { n, peek: last ? { from: last.by.name ?? config.site.name, text: [...last.data.body].slice(0, 140).join("") } : null, begun: isOpen(state) || n > 0 });
}

const tell = bridge(config.host_origins, (message) => {
  page = message.page;
  const first = socket.state.name === "idle";
  if (first) socket.open();
  else if (message.moved) socket.send({ type: "page", page });
  if (message.open && !opened) {
    opened = true;
    focus();
  }
  opened = message.open;
  render();
});

const { color, on_color } = config.site;
if (color && on_color) {
  const away = /^#f/i.test(on_color) ? "#000" : "#fff";
  for (const [name, value] of [["", color], ["-2", `color-mix(in srgb, ${color}, ${away} 18%)`], ["-tile", `color-mix(in srgb, ${color}, ${away} 12%)`]]) document.documentElement.style.setProperty("--brand" + name, value);
  for (const name of ["--on-brand", "--on-brand-2"]) document.documentElement.style.setProperty(name, on_color);
}
const by = document.querySelector(".w-by");
document.body.prepend(top.node, line.node, main);
if (by) document.body.append(by);
if (outbox.pending.some((command) => command.type === "request" || command.type === "offline_message")) state = reduce(state, { type: "asking" });
render();
setTimeout(() => socket.state.name === "idle" && socket.open(), parent === window ? 0 : HOST_MAX_MS);
setInterval(() => {
  line.update(state);
  screen.tick?.(state);
}, 1000);
document.addEventListener("visibilitychange", render);
addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]") && app.close());
// Another tab has begun: speak as the same visitor.
addEventListener("storage", ({ key }) => {
  if (!key?.endsWith(":token")) return;
  const kept = storage.get("token");
  if (!kept || kept === token || isOpen(state)) return;
  token = kept;
  socket.close();
  socket.open();
});
