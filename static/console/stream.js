// @ts-check
/**
 * The stream of one chat on the page: groups, events in words, notes, ticks in words. A live region that announces additions alone.
 */
import { el, fill, icon, prose } from "lib/dom";
import { formatDay, formatTime, t } from "lib/i18n";
import { rows } from "lib/timeline";
import { keyed, setAttribute, setText } from "console/keyed";
import { face, firstName, initials } from "console/names";
import { sentence, SILENT } from "console/sentence";

/** Nearer to the end than this counts as being there. */
const END_PX = 80;

/** @typedef {import("lib/timeline").Row} Row */

export class Stream {
  #desk;
  #place;
  #actions;
  #chatId = "";
  /** @type {any} */ #log = null;
  /** @type {any} */ #list = null;
  /** @type {any} */ #earlier = null;
  /** @type {any} */ #toEnd = null;
  #lastKey = "";
  #firstSeq = 0;
  #pinned = true;

  /**
   * @param {import("console/desk").Desk} desk
   * @param {HTMLElement} place
   * @param {{edit: (chatId: string, clientId: string) => void, discard: (chatId: string, clientId: string) => void}} actions
   */
  constructor(desk, place, actions) {
    this.#desk = desk;
    this.#place = place;
    this.#actions = actions;
    new ResizeObserver(() => this.#pinned && this.#scrollToEnd()).observe(place);
  }

  /** Whether the end of the stream is in sight. */
  get atEnd() {
    return this.#pinned;
  }

  /** @param {import("console/inbox").AgentChat | null} chat */
  render(chat) {
    if (!chat) return;
    if (this.#chatId !== chat.id) this.#begin(chat);
    const thread = this.#desk.threads.of(chat.id);
    setAttribute(this.#log, "aria-busy", thread.loaded ? null : "true");
    const list = rows(thread.timeline, { side: "agent", hidden: SILENT });
    const firstSeq = thread.timeline.entries[0]?.seq ?? 0;
    const grewUpward = this.#firstSeq > 0 && firstSeq < this.#firstSeq;
    const fromEnd = this.#log.scrollHeight - this.#log.scrollTop;
    if (grewUpward) setAttribute(this.#log, "aria-live", "off");
    this.#earlier.hidden = thread.timeline.more_before === null;
    keyed(this.#list, list, (row) => row.key, (row) => this.#create(row, chat), (node, row) => this.#update(node, row, chat));
    if (grewUpward) {
      this.#log.scrollTop = this.#log.scrollHeight - fromEnd;
      requestAnimationFrame(() => setAttribute(this.#log, "aria-live", "polite"));
    }
    const lastKey = endKey(list);
    const grew = lastKey !== this.#lastKey;
    const ownWord = grew && list.at(-1)?.kind === "group" && /** @type {any} */ (list.at(-1)).tick === "pending";
    if (this.#pinned || ownWord) this.#scrollToEnd();
    else if (grew && this.#lastKey && !grewUpward) this.#toEnd.hidden = false;
    this.#firstSeq = firstSeq;
    this.#lastKey = lastKey;
  }

  /** Another chat: a new log, so that switching announces nothing. @param {import("console/inbox").AgentChat} chat */
  #begin(chat) {
    this.#chatId = chat.id;
    this.#lastKey = "";
    this.#firstSeq = 0;
    this.#pinned = true;
    this.#earlier = el("button", { class: "btn btn-dense earlier", type: "button", hidden: true, onclick: () => this.#desk.history() }, t("console.stream.earlier"));
    this.#list = el("div", { class: "stream-list" });
    this.#log = el("div", { class: "pane-scroll stream", role: "log", "aria-live": "polite", "aria-label": t("console.stream.label", { name: firstName(chat) }), tabindex: "0" }, this.#earlier, this.#list);
    this.#toEnd = el("button", { class: "btn btn-dense to-end", type: "button", hidden: true, onclick: () => this.#scrollToEnd() }, icon("down", "icon icon-s"), t("console.stream.to_end"));
    this.#log.addEventListener("scroll", () => {
      this.#pinned = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < END_PX;
      if (!this.#pinned) return;
      this.#toEnd.hidden = true;
      this.#desk.readSelected();
    });
    fill(this.#place, this.#log, this.#toEnd);
  }

  #scrollToEnd() {
    if (!this.#log) return;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#pinned = true;
    this.#toEnd.hidden = true;
  }

  /** @param {Row} row @param {import("console/inbox").AgentChat} chat @returns {Element} */
  #create(row, chat) {
    const fresh = this.#lastKey ? " is-new" : "";
    if (row.kind === "day") return el("p", { class: "day" }, formatDay(row.at));
    if (row.kind === "line") {
      const { icon: name, text } = sentence(row.entry, { meId: this.#desk.roster.me?.id ?? "", visitor: firstName(chat) });
      return el("p", { class: `ev${fresh}` }, icon(name, "icon icon-s"), el("span", null, text));
    }
    if (row.type === "note") return el("div", { class: `memo${fresh}` }, icon("note"), el("header"), el("div", { class: "bubs" }));
    const avatar = el("span", { class: `avatar${row.mine ? " is-agent" : ""}`, "aria-hidden": "true" });
    return el("div", { class: `turn${row.mine ? " is-me" : ""}${fresh}` }, avatar,
      el("div", { class: "msgs" }, el("p", { class: "by" }, el("b"), " ", el("time")), el("div", { class: "bubs" }), row.mine && el("p", { class: "tick" }), row.mine && el("div", { class: "failures" })));
  }

  /** @param {any} node @param {Row} row @param {import("console/inbox").AgentChat} chat */
  #update(node, row, chat) {
    if (row.kind !== "group") return;
    const me = this.#desk.roster.me;
    const isMe = !row.by || (row.by.kind === "agent" && row.by.id === me?.id);
    const author = row.mine ? (isMe ? t("console.you") : (row.by?.name ?? t(`console.by.${row.by?.kind ?? "agent"}`))) : firstName(chat);
    const time = formatTime(row.messages[0]?.at ?? row.at);
    keyed(node.querySelector(".bubs"), row.messages, (message) => message.key, (message) => el("div", { class: "bub" }, prose(message.body)), (bubble, message) => {
      bubble.classList.toggle("is-pending", message.tick === "pending");
      bubble.classList.toggle("is-failed", message.tick === "failed");
    });
    if (row.type === "note") {
      this.#noteHead(node.querySelector("header"), t("console.note.of", { author, time }));
      return;
    }
    setText(node.querySelector("b"), author);
    setText(node.querySelector("time"), time);
    const avatar = node.querySelector(".avatar");
    const name = row.mine ? (isMe ? (me?.name ?? "") : (row.by?.name ?? "")) : (chat.visitor.name ?? "");
    if (avatar.dataset.name !== name) {
      avatar.dataset.name = name;
      fill(avatar, row.mine ? initials(name) || icon("bolt", "icon icon-s") : face(name));
    }
    if (row.mine) {
      this.#tick(node.querySelector(".tick"), row.tick);
      this.#failures(node.querySelector(".failures"), row.messages, chat.id);
    }
  }

  /** @param {any} header @param {string} words */
  #noteHead(header, words) {
    if (header.dataset.words === words) return;
    header.dataset.words = words;
    fill(header, el("b", null, t("console.note")), " ", words);
  }

  /** @param {any} node @param {import("lib/timeline").Tick | null} tick */
  #tick(node, tick) {
    const state = tick === "pending" && !this.#desk.connected ? "waiting" : (tick ?? "sent");
    node.hidden = tick === "failed";
    if (node.dataset.state === state) return;
    node.dataset.state = state;
    node.className = `tick is-${state}`;
    const name = state === "pending" || state === "waiting" ? "clock" : state === "sent" ? "check" : "check2";
    fill(node, icon(name, "icon icon-s"), t(`console.tick.${state}`));
  }

  /** @param {Element} node @param {import("lib/timeline").Message[]} messages @param {string} chatId */
  #failures(node, messages, chatId) {
    keyed(node, messages.filter((message) => message.tick === "failed"), (message) => message.key, (message) => el("p", { class: "failed" }, t("console.failed"),
      el("button", { class: "btn btn-quiet btn-dense", type: "button", onclick: () => this.#actions.edit(chatId, message.key) }, t("console.failed.edit")),
      el("button", { class: "btn btn-quiet btn-dense", type: "button", onclick: () => this.#actions.discard(chatId, message.key) }, t("console.failed.discard"))));
  }
}

/** @param {Row[]} list */
function endKey(list) {
  const last = list.at(-1);
  return last ? (last.kind === "group" ? (last.messages.at(-1)?.key ?? last.key) : last.key) : "";
}
