// @ts-check
/**
 * What every live page for agents has: the desk, the banner about the connection, toasts, sound, title, counts in the rail.
 */
import { el, fill, icon, jsonOf } from "lib/dom";
import { t } from "lib/i18n";
import { openStorage } from "lib/storage";
import { Desk } from "console/desk";
import { visitorName } from "console/names";
import { mountPreferences, Preferences } from "console/preferences";
import { Ringer } from "console/ringer";
import { title } from "console/title";
import { Toasts } from "console/toasts";

/** A loss shorter than this is not worth a word: most reconnects take less. */
const BANNER_AFTER_MS = 1_500;
const TICK_MS = 1_000;

/**
 * @param {object} page
 * @param {string} page.label the page's name for the tab
 * @param {(desk: Desk) => void} page.render
 * @param {(desk: Desk) => void} [page.tick] about once a second
 * @param {(chatId: string) => void} page.show goes to a chat
 * @param {(happening: import("console/desk").Happening) => void} [page.onHappening]
 */
export function startPage({ label, render, tick = () => {}, show, onHappening = () => {} }) {
  const config = jsonOf("config");
  const storage = openStorage(`papo.console.${config.agent.id}.`);
  const preferences = new Preferences(storage);
  const ringer = new Ringer((setting) => preferences.on(setting));
  let due = false;
  const change = () => {
    if (due) return;
    due = true;
    // Not an animation frame: a hidden tab has none, and its title must count on.
    queueMicrotask(() => {
      due = false;
      draw();
    });
  };
  const desk = new Desk({ url: config.ws_url, storage, onChange: change, onHappening: (happening) => happened(happening) });
  const accept = (/** @type {string} */ chatId) => void desk.accept(chatId);
  const toasts = new Toasts(desk, accept);
  const banner = new Banner(desk);

  const draw = () => {
    render(desk);
    banner.render();
    toasts.render();
    const waiting = desk.inbox.queue().length;
    document.title = title({ waiting, unread: desk.inbox.unread(), label, product: "Papo" });
    count("count-queue", waiting, t("console.queue.count", { n: waiting }));
    count("count-offline", desk.offlineUnread, t("console.offline.count", { n: desk.offlineUnread }));
    ownDot(desk);
    byId("allow-sound").hidden = ringer.allowed || !preferences.on("sound");
    if (desk.offer() && desk.calls.toneDue(Date.now())) ringer.call();
  };

  /** @param {import("console/desk").Happening} happening */
  const happened = (happening) => {
    if (happening.kind === "call") {
      const chat = desk.inbox.chat(happening.chatId);
      if (chat && desk.roster.me?.availability.state === "online") {
        ringer.notify({ tag: chat.id, title: t("console.call.title", { department: chat.department.name }), body: visitorName(chat), onClick: () => show(chat.id) });
      }
    } else if (happening.kind === "message") {
      const chat = desk.inbox.chat(happening.chatId);
      if (chat && !(desk.selectedId === chat.id && desk.watching())) {
        ringer.message();
        ringer.notify({ tag: chat.id, title: visitorName(chat), body: [...happening.body].slice(0, 120).join(""), onClick: () => show(chat.id) });
      }
    } else if (happening.kind === "refused") {
      toasts.say(happening.message || t("console.refused"));
    } else if (happening.kind === "kept_open") {
      const chat = desk.inbox.chat(happening.chatId);
      if (chat) toasts.say(t("console.finish.kept_open", { name: visitorName(chat) }), { urgent: false });
    }
    onHappening(happening);
  };

  mountPreferences(preferences, (setting, on) => {
    if (setting === "sound" && on) ringer.allow().then(() => ringer.sample());
    change();
  });
  // Any gesture is one that browsers accept for sound; the button is for who makes none.
  const unlock = () => preferences.on("sound") && ringer.allow().then((allowed) => allowed && change());
  for (const name of ["click", "keydown"]) addEventListener(name, unlock, { once: true });
  byId("allow-sound").addEventListener("click", () => ringer.allow().then(() => ringer.sample()));
  void ringer.tryQuietly();

  setInterval(() => {
    desk.tick();
    banner.render();
    toasts.tick();
    tick(desk);
    if (desk.offer() && desk.calls.toneDue(Date.now())) ringer.call();
  }, TICK_MS);
  addEventListener("pagehide", () => desk.leave());
  desk.drafts.sweep(Date.now());
  desk.socket.open();
  change();
  return { desk, toasts, preferences, ringer, accept, change };
}

class Banner {
  #desk;
  #place = /** @type {HTMLElement} */ (document.getElementById("connection"));
  #shown = "";
  /** @type {number | null} */
  #lostAt = null;

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
  }

  render() {
    const state = this.#desk.socket.state;
    if (state.name === "ready") this.#lostAt = null;
    else this.#lostAt ??= Date.now();
    const now = Date.now();
    const wanted = state.name === "closed" ? `closed ${state.code}` : this.#lostAt !== null && now - this.#lostAt >= BANNER_AFTER_MS ? "lost" : "";
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    if (!wanted) return fill(this.#place);
    const signIn = state.name === "closed" && state.code === 4001;
    const text = signIn ? "console.connection.signed_out" : state.name === "closed" ? "console.connection.closed" : this.#desk.welcomed ? "console.connection.lost" : "console.connection.none";
    const action = signIn || state.name === "closed"
      ? el("a", { class: "btn btn-dense", href: location.href.split("#")[0], onclick: (/** @type {Event} */ event) => { event.preventDefault(); location.reload(); } }, t(signIn ? "console.connection.sign_in" : "console.connection.reload"))
      : el("button", { class: "btn btn-dense", type: "button", onclick: () => this.#desk.socket.wake() }, t("console.connection.retry"));
    fill(this.#place, el("div", { class: "notice is-wait" }, icon("wifioff"), el("span", null, t(text)), action));
  }
}

/** @param {string} id @param {number} value @param {string} words */
function count(id, value, words) {
  const node = document.getElementById(id);
  if (!node) return;
  node.hidden = value === 0;
  if (node.dataset.value === String(value)) return;
  node.dataset.value = String(value);
  fill(node, el("span", { "aria-hidden": "true" }, String(value)), el("span", { class: "sr-only" }, words));
}

/** Nobody is shown online while the connection is lost. @param {Desk} desk */
function ownDot(desk) {
  const dot = document.getElementById("own-dot");
  const state = desk.roster.me?.availability.state;
  if (!dot) return;
  dot.hidden = !state;
  dot.className = `dot${dotClass(desk.connected ? state : "offline")}`;
}

/** @param {string | undefined} state */
export function dotClass(state) {
  return state === "online" ? "" : state === "paused" ? " is-away" : " is-off";
}

/** @param {string} id @returns {any} an element of the page's own template */
export function byId(id) {
  return document.getElementById(id);
}

