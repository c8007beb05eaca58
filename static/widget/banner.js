// @ts-check
// One line under the header: connection lost and back, and a warning before a time limit, with the way to stay.

import { el, fill, icon } from "lib/dom";
import { t } from "widget/texts";
import { isOpen } from "widget/model";
import { button } from "widget/parts";

const WARN_MS = 60_000;
const BACK_MS = 4_000;
const SENTENCES = { lost: "widget.link.lost", back: "widget.link.back", wait: "widget.limit.wait", inactivity: "widget.limit.inactivity" };

/** @param {import("./main.js").App} app */
export function banner(app) {
  const left = el("span", { class: "num", "aria-hidden": "true" });
  const text = el("span");
  const act = el("span");
  const glyph = el("span");
  const node = el("div", { class: "w-banner", role: "alert", hidden: true }, glyph, el("span", { class: "grow" }, text, left), act);
  let shown = "";
  let back_until = 0;
  let was_lost = false;

  /** @param {import("./model.js").State} state @returns {string} */
  function which(state) {
    const now = Date.now();
    if (was_lost && !state.lost) back_until = now + BACK_MS;
    was_lost = state.lost;
    if (state.lost) return "lost";
    if (state.asking && state.link.name === "waiting") return "lost";
    if (isOpen(state) && state.deadline_at !== null && state.deadline_at - now < WARN_MS) return state.chat.deadline.kind;
    return now < back_until ? "back" : "";
  }

  return {
    node,
    /** Called with each state and every second. @param {import("./model.js").State} state */
    update(state) {
      const kind = which(state);
      const { link } = state;
      fill(left, kind === "lost" && link.name === "waiting" && " " + t("widget.link.retry", { seconds: Math.max(0, Math.ceil((link.retry_at - Date.now()) / 1000)) }));
      if (kind === shown) return;
      shown = kind;
      node.hidden = !kind;
      node.classList.toggle("is-ok", kind === "back");
      if (!kind) return;
      fill(glyph, icon({ lost: "wifioff", back: "check" }[kind] ?? "clock"));
      fill(text, t(/** @type {any} */ (SENTENCES)[kind]));
      fill(act, kind === "lost" && button("", t("widget.link.now"), () => app.socket.wake()), kind === "inactivity" && button("", t("widget.limit.stay"), () => app.command("stay")));
    },
  };
}
