// @ts-check
// Small pieces that several screens show.

import { el, fill, icon } from "lib/dom";
import { t } from "widget/texts";

/** @param {string} text @param {"is-wait" | "is-alert"} [tone] */
export const notice = (text, tone = "is-wait") => el("p", { class: "notice " + tone }, text);

/** @param {string} classes @param {any} label @param {() => void} onclick */
export const button = (classes, label, onclick) => el("button", { type: "button", class: "btn " + classes, onclick }, label);

/** A button that shows only its icon. @param {string} name @param {string} label @param {(event: Event) => void} onclick @param {object} [more] */
export const iconButton = (name, label, onclick, more) => el("button", { type: "button", class: "btn btn-icon", "aria-label": label, onclick, ...more }, icon(name));

/** A screen: what scrolls, with a name or a role, and below it what can be done. @param {object} attrs @param {any} body @param {any} [foot] */
export const pane = (attrs, body, foot) => el("div", { class: "w-screen" }, el("div", { tabindex: "0", role: "region", ...attrs }, body), foot && el("div", { class: "w-foot row" }, foot));

/** A screen in the middle of which the mark stands on tiles. @param {object} attrs @param {any} body @param {any} [foot] */
export const thanks = (attrs, body, foot) => pane({ class: "w-body w-thanks", ...attrs }, [el("span", { class: "thanks-art tiles", "aria-hidden": "true" }, tiles(), icon("mark", "")), body], foot);

/** A word in a sentence that does something. @param {string} text @param {() => void} onclick */
export const link = (text, onclick) => el("button", { type: "button", class: "link", onclick }, text);

export function tiles() {
  const svg = icon("tiles", "tiles-art");
  svg.setAttribute("preserveAspectRatio", "none");
  return svg;
}

/**
 * Asks before something that can't be taken back.
 * @param {string} title @param {string} lead @param {string} no @param {string} yes texts
 * @param {() => void} act what is done after a yes
 */
function confirm(title, lead, no, yes, act) {
  const dialog = el("dialog", { class: "w-ask", "aria-labelledby": "ask", onclose: () => dialog.remove() });
  fill(
    dialog,
    el("h2", { id: "ask" }, title),
    el("p", null, lead),
    el("div", { class: "acts" }, button("", no, () => dialog.close()), button("btn-alert", yes, () => (dialog.close(), act()))),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {import("./main.js").App} app */
export const confirmLeave = (app) => confirm(t("widget.leave.title"), t("widget.leave.lead"), t("widget.leave.no"), t("widget.leave.yes"), () => app.command("leave"));

/** @param {import("./main.js").App} app */
export const confirmFinish = (app) => confirm(t("widget.finish.title"), t("widget.finish.lead"), t("widget.finish.no"), t("widget.finish.yes"), () => app.command("finish"));

/**
 * A panel under its button: opens, closes by Escape, by a click beside it, and by a choice.
 * @param {any} opener @param {any} panel
 */
export function popover(opener, panel) {
  const show = (/** @type {boolean} */ on) => {
    panel.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
    if (on) panel.querySelector("button")?.focus();
  };
  show(false);
  opener.addEventListener("click", () => show(panel.hidden));
  panel.addEventListener("click", (/** @type {any} */ event) => event.target.closest("button") && show(false));
  addEventListener("pointerdown", (/** @type {any} */ event) => !panel.contains(event.target) && !opener.contains(event.target) && show(false));
  const leave = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    show(false);
    opener.focus();
  };
  panel.addEventListener("keydown", leave);
  opener.addEventListener("keydown", leave);
}
