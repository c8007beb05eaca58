// @ts-check
/**
 * The tag editor. It commits once, when it is closed with its button: one event, however many boxes were ticked.
 */
import { el } from "lib/dom";
import { t } from "lib/i18n";
import { fold } from "console/inbox";
import { keyed } from "console/keyed";
import { firstName } from "console/names";
import { byId } from "console/page";

export class Tagging {
  #desk;
  #dialog = byId("tagging");
  /** @type {import("console/inbox").AgentChat | null} */
  #chat = null;
  /** @type {Set<string>} */
  #chosen = new Set();
  /** @type {(() => void) | null} */
  #then = null;

  /** @param {import("console/desk").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    byId("tagging-search").addEventListener("input", () => this.#draw());
    byId("tagging-search").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      const only = this.#found();
      if (byId("tagging-search").value && only.length > 0) byId("tagging-list").querySelector("input").click();
      else this.#dialog.close("save");
    });
    this.#dialog.addEventListener("close", () => this.#close());
  }

  /**
   * @param {import("console/inbox").AgentChat} chat
   * @param {(() => void) | null} [then] what the department asks tags before
   */
  open(chat, then = null) {
    this.#chat = chat;
    this.#then = then;
    this.#chosen = new Set(chat.tags.map((tag) => tag.id));
    this.#dialog.returnValue = "cancel";
    byId("tagging-title").textContent = t("console.tags.title", { name: firstName(chat) });
    byId("tagging-required").hidden = !then;
    byId("tagging-required").textContent = then ? t("console.tags.required", { department: chat.department.name }) : "";
    byId("tagging-go").textContent = t(then ? "console.tags.save_and_finish" : "console.tags.save");
    byId("tagging-search").value = "";
    byId("tagging-search").closest(".search").hidden = this.#desk.roster.tags.length === 0;
    this.#draw();
    this.#dialog.showModal();
  }

  #draw() {
    const found = this.#found();
    keyed(byId("tagging-list").querySelector("div"), found, (tag) => tag.id, (tag) => el("label", { class: "pick is-tag" },
      el("input", { type: "checkbox", onchange: (/** @type {any} */ event) => this.#toggle(tag.id, event.target.checked) }), el("span", { class: "grow" }, tag.name)),
    (node, tag) => {
      node.querySelector("input").checked = this.#chosen.has(tag.id);
    });
    byId("tagging-none").hidden = found.length > 0;
    byId("tagging-go").disabled = Boolean(this.#then) && this.#chosen.size === 0;
  }

  /** All tags that can be given, and those that the chat has though they were archived since. */
  #found() {
    const all = new Map([...this.#desk.roster.tags, ...(this.#chat?.tags ?? [])].map((tag) => [tag.id, tag]));
    const query = fold(byId("tagging-search").value.trim());
    return [...all.values()].filter((tag) => fold(tag.name).includes(query)).sort((a, b) => a.name.localeCompare(b.name));
  }

  /** @param {string} id @param {boolean} on */
  #toggle(id, on) {
    if (on) this.#chosen.add(id);
    else this.#chosen.delete(id);
    byId("tagging-go").disabled = Boolean(this.#then) && this.#chosen.size === 0;
  }

  #close() {
    const chat = this.#chat;
    if (!chat || this.#dialog.returnValue !== "save") return;
    const before = new Set(chat.tags.map((tag) => tag.id));
    const same = before.size === this.#chosen.size && [...this.#chosen].every((id) => before.has(id));
    if (this.#then && this.#chosen.size === 0) return;
    if (!same) void this.#desk.tag(chat.id, [...this.#chosen]);
    this.#then?.();
  }
}
