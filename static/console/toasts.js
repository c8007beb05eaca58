// @ts-check
/**
 * What speaks up beside the lists: the call of whoever has waited longest, ends that can still be taken back,
 * refusals with the server's words. A toast never takes the focus.
 */
import { el, fill, icon } from "lib/dom";
import { formatDuration, t } from "lib/i18n";
import { keyed, setText } from "console/keyed";
import { firstName, visitorName } from "console/names";
import { waitLevel, waitingSinceMs } from "console/wait";

/** A refusal stays long enough to be read twice, or until dismissed. */
const REFUSAL_MS = 10_000;
const REFUSALS_MAX = 3;

export class Toasts {
  #desk;
  #refusals = /** @type {HTMLElement} */ (document.getElementById("refusals"));
  #held = /** @type {HTMLElement} */ (document.getElementById("held"));
  #call = /** @type {HTMLElement} */ (document.getElementById("call"));
  #accept;
  #callKey = "";

  /**
   * @param {import("console/desk").Desk} desk
   * @param {(chatId: string) => void} accept
   */
  constructor(desk, accept) {
    this.#desk = desk;
    this.#accept = accept;
    for (const [name, stops] of /** @type {Array<[string, boolean]>} */ ([["pointerenter", true], ["pointerleave", false], ["focusin", true], ["focusout", false]])) {
      this.#call.addEventListener(name, () => (stops ? desk.calls.pause(Date.now()) : desk.calls.resume(Date.now())));
    }
  }

  /**
   * A sentence that goes by itself.
   * @param {string} text
   * @param {{urgent?: boolean}} [options] `urgent`: something was refused
   */
  say(text, { urgent = true } = {}) {
    const toast = el("div", { class: `toast is-plain${urgent ? " is-refusal" : ""}` }, el("span", null, text),
      el("button", { class: "btn btn-icon btn-dense", type: "button", "aria-label": t("console.dismiss"), onclick: () => toast.remove() }, icon("x", "icon icon-s")));
    this.#refusals.append(toast);
    while (this.#refusals.children.length > REFUSALS_MAX) this.#refusals.firstElementChild?.remove();
    setTimeout(() => toast.remove(), REFUSAL_MS);
  }

  render() {
    this.#renderHeld();
    this.#renderCall();
  }

  #renderHeld() {
    keyed(this.#held, this.#desk.held.chatIds(), (id) => id, (id) => {
      const chat = this.#desk.inbox.chat(id);
      return el("div", { class: "toast is-plain" }, el("span", null, t("console.finish.held", { name: chat ? firstName(chat) : "" })),
        el("button", { class: "btn btn-dense", type: "button", onclick: () => this.#desk.undoFinish(id) }, t("console.undo")));
    });
  }

  #renderCall() {
    const offer = this.#desk.offer();
    const chat = offer ? this.#desk.inbox.chat(offer.chatId) : null;
    if (!offer || !chat) {
      if (this.#callKey) fill(this.#call);
      this.#callKey = "";
      return;
    }
    const key = `${chat.id} ${offer.more} ${chat.last_seq}`;
    if (key !== this.#callKey) this.#draw(chat, offer.more);
    this.#callKey = key;
    this.tick();
  }

  /** Moves the wait on. It is not read out: the toast was. */
  tick() {
    const chat = this.#desk.inbox.chat(this.#callKey.split(" ")[0] ?? null);
    const box = this.#call.querySelector(".waitbox");
    if (!chat || !box) return;
    const waited = this.#desk.serverNow() - waitingSinceMs(chat);
    setText(box, formatDuration(waited / 1000));
    box.className = `waitbox is-${waitLevel(waited, this.#desk.roster.waitGoalSeconds(chat.department.id))}`;
  }

  /** @param {import("console/inbox").AgentChat} chat @param {number} more */
  #draw(chat, more) {
    const hadFocus = this.#call.contains(document.activeElement);
    const text = chat.last_message?.body ?? chat.subject ?? "";
    const accept = el("button", { class: "btn btn-primary btn-dense", type: "button", onclick: () => this.#accept(chat.id) }, t("console.accept"));
    fill(this.#call, el("div", { class: "toast is-call" },
      el("header", null, icon("bell"), el("span", null, t(chat.started_before ? "console.call.returned" : "console.call.title", { department: chat.department.name })),
        el("button", { class: "btn btn-icon btn-dense", type: "button", "aria-label": t("console.dismiss"), onclick: () => this.#desk.decline(chat.id) }, icon("x", "icon icon-s"))),
      el("p", { class: "about" }, el("span", { class: "words" }, text ? t("console.call.about", { name: visitorName(chat), text }) : visitorName(chat)), el("span", { class: "waitbox", "aria-hidden": "true" }),
        more > 0 && el("span", { class: "more" }, t("console.call.more", { n: more }))),
      el("div", { class: "row" }, accept, el("button", { class: "btn btn-dense", type: "button", onclick: () => this.#desk.decline(chat.id) }, t("console.call.later")))));
    if (hadFocus) accept.focus();
  }
}
