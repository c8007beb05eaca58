// @ts-check
/**
 * Writing: reply or internal note, with a draft of each kept per chat. Enter sends, Shift+Enter breaks the line.
 */
import { el, fill } from "lib/dom";
import { formatNumber, t } from "lib/i18n";
import { isOver } from "console/inbox";
import { setAttribute, setText } from "console/keyed";
import { firstName } from "console/names";
import { byId } from "console/page";

/** Unicode scalar values in one message (docs/protocol.md). */
const MESSAGE_CHARACTERS_MAX = 10_000;
/** From here on what is left is shown. */
const COUNT_FROM = 9_000;

/** @typedef {"message" | "note"} Kind */

export class Composer {
  #desk;
  #chatId = "";
  /** @type {Kind} */
  #kind = "message";
  #form = byId("compose");
  #field = byId("body");
  #bar = byId("compose-bar");
  #barKey = "";

  /** @param {import("console/desk").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    const tabs = [byId("tab-message"), byId("tab-note")];
    byId("tab-message").addEventListener("click", () => this.write("message"));
    byId("tab-note").addEventListener("click", () => this.write("note"));
    for (const tab of tabs) {
      tab.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        const other = tabs.find((one) => one !== tab && !one.disabled);
        this.#turn(other === tabs[1] ? "note" : "message");
        other?.focus();
      });
    }
    this.#form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#send();
    });
    this.#field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      const composing = event.isComposing || event.keyCode === 229;
      if (event.key !== "Enter" || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || composing) return;
      if (matchMedia("(pointer: coarse)").matches) return; // on a phone Enter breaks the line, the button sends
      event.preventDefault();
      this.#send();
    });
    this.#field.addEventListener("input", () => {
      desk.drafts.write(this.#chatId, this.#kind, this.#field.value, Date.now());
      if (this.#kind === "message" && desk.selected && desk.inbox.isMine(desk.selected)) desk.typing(this.#chatId, !this.#field.value.trim());
      this.#count();
    });
    byId("ask-location").addEventListener("click", () => desk.askLocation(this.#chatId));
    // What is begun in one tab is there in the other, unless somebody is writing here too.
    addEventListener("storage", (event) => {
      if (this.#chatId && event.key?.endsWith(desk.drafts.name(this.#chatId, this.#kind)) && document.activeElement !== this.#field) this.#load();
    });
  }

  /** Turns to a kind of text and goes to the field. @param {Kind} kind */
  write(kind) {
    this.#turn(kind);
    this.focus();
  }

  focus() {
    if (!this.#field.closest("[hidden]")) this.#field.focus();
  }

  /** A refused text comes back to be changed. @param {Kind} kind */
  reload(kind) {
    this.#turn(kind);
    this.#load();
    this.focus();
  }

  /** @param {import("console/inbox").AgentChat | null} chat */
  render(chat) {
    if (!chat) return;
    const changed = this.#chatId !== chat.id;
    this.#chatId = chat.id;
    const mayReply = (chat.state === "waiting" || this.#desk.inbox.isMine(chat)) && !this.#desk.held.has(chat.id);
    byId("tab-message").disabled = !mayReply;
    byId("tab-message").hidden = !mayReply;
    if (changed) this.#kind = mayReply ? "message" : "note";
    else if (!mayReply) this.#kind = "note";
    this.#show(chat, mayReply);
    if (changed) this.#load();
  }

  /** @param {import("console/inbox").AgentChat} chat @param {boolean} mayReply */
  #show(chat, mayReply) {
    const isNote = this.#kind === "note";
    const name = firstName(chat);
    this.#form.classList.toggle("is-note", isNote);
    for (const kind of ["message", "note"]) {
      const tab = byId(`tab-${kind}`);
      setAttribute(tab, "aria-selected", String(kind === this.#kind));
      setAttribute(tab, "tabindex", kind === this.#kind ? "0" : "-1");
    }
    setAttribute(byId("compose-panel"), "aria-labelledby", `tab-${this.#kind}`);
    setAttribute(this.#field, "aria-label", isNote ? t("console.compose.note.label") : t("console.compose.reply.label", { name }));
    setAttribute(this.#field, "placeholder", isNote ? t("console.compose.note.placeholder") : chat.state === "waiting" ? t("console.compose.waiting.placeholder", { name }) : t("console.compose.reply.placeholder", { name }));
    setText(byId("send"), t(isNote ? "console.compose.keep" : chat.state === "waiting" ? "console.compose.accept" : "console.compose.send"));
    const mayAsk = !isNote && this.#desk.inbox.isMine(chat) && (chat.location.state === "none" || chat.location.state === "revoked");
    byId("ask-location").hidden = !mayAsk;
    this.#showBar(chat, mayReply);
  }

  /** Why no reply can be written here. @param {import("console/inbox").AgentChat} chat @param {boolean} mayReply */
  #showBar(chat, mayReply) {
    const held = this.#desk.held.has(chat.id);
    const text = mayReply ? "" : held ? t("console.compose.held") : isOver(chat) ? t("console.compose.over") : chat.agent ? t("console.compose.taken", { agent: chat.agent.name }) : t("console.compose.gone");
    this.#bar.hidden = !text;
    const key = `${text}${held}`;
    if (key === this.#barKey) return;
    this.#barKey = key;
    fill(this.#bar, el("span", null, text), held && el("button", { class: "btn btn-dense", type: "button", onclick: () => this.#desk.undoFinish(this.#chatId) }, t("console.undo")));
  }

  /** @param {Kind} kind */
  #turn(kind) {
    if (kind === this.#kind || (kind === "message" && byId("tab-message").disabled)) return;
    this.#kind = kind;
    this.#desk.stopTyping();
    const chat = this.#desk.selected;
    if (chat) this.#show(chat, !byId("tab-message").disabled);
    this.#load();
  }

  #load() {
    this.#field.value = this.#desk.drafts.read(this.#chatId, this.#kind);
    this.#count();
  }

  #send() {
    const body = this.#field.value.trim();
    if (!body || [...body].length > MESSAGE_CHARACTERS_MAX || !this.#chatId) return;
    this.#field.value = "";
    this.#desk.drafts.write(this.#chatId, this.#kind, "", Date.now());
    this.#desk.say(this.#chatId, this.#kind, body);
    this.#count();
    this.#field.focus();
  }

  #count() {
    // Two units of UTF-16 make a scalar value at most: only long texts are counted out.
    const length = this.#field.value.length < COUNT_FROM ? 0 : [...this.#field.value.trim()].length;
    const over = length > MESSAGE_CHARACTERS_MAX;
    const node = byId("compose-count");
    setText(node, length < COUNT_FROM ? "" : over ? t("console.compose.too_long", { over: formatNumber(length - MESSAGE_CHARACTERS_MAX) }) : t("console.compose.left", { left: formatNumber(MESSAGE_CHARACTERS_MAX - length) }));
    node.classList.toggle("is-over", over);
    byId("send").disabled = over;
  }
}
