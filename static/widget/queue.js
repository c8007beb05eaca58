// @ts-check
// Waiting: where one stands, for how long, and under which number.

import { el, fill, icon, setText } from "lib/dom";
import { formatDuration, formatSpan, t } from "widget/texts";
import { locationCard } from "widget/location";
import { button, confirmLeave, iconButton, pane } from "widget/parts";

const HEADS_MAX = 7;

/** @param {string} name @param {any} value */
const fact = (name, value) => el("div", null, el("dt", null, name), value);

/** @param {import("./main.js").App} app */
export function queue(app) {
  const { config } = app;
  const number = el("b");
  const ahead = el("span");
  const place = el("div", { class: "queue-pos", role: "status", "aria-atomic": "true" }, el("span", null, t("widget.queue.position")), number, ahead);
  const line = el("div", { class: "queue-line", "aria-hidden": "true" });
  const estimate = el("dd");
  const waited = el("dd");
  const protocol = el("span", { class: "mono" });
  const copied = el("span", { class: "sr-only", role: "status" });
  const copy = iconButton("copy", t("widget.queue.copy"), async () => {
    await navigator.clipboard?.writeText(app.state.chat.protocol).catch(() => getSelection()?.selectAllChildren(protocol));
    copy.replaceChildren(icon("check", "icon icon-s"));
    fill(copied, t("widget.queue.copied"));
  });
  const estimated = fact(t("widget.queue.estimate"), estimate);
  const where = el("div", { class: "w-where" });
  const keep = config.grace_seconds ? t("widget.queue.kept", { span: formatSpan(config.grace_seconds) }) : t("widget.queue.kept_short");
  const node = pane(
    { class: "w-body queue", "aria-label": t("widget.queue.label") },
    [
      el("div", { class: "w-place" }, place, line),
      el("dl", { class: "facts" }, estimated, fact(t("widget.queue.waited"), waited), fact(t("widget.protocol"), el("dd", null, protocol, copy, copied))),
      el("p", { class: "w-small" }, keep),
      where,
    ],
    [button("btn-quiet is-alert", t("widget.queue.leave"), () => confirmLeave(app)), button("grow", t("widget.queue.details"), () => app.act({ type: "see", wish: "details" }))],
  );
  let shown = 0;
  let offered = "";

  return {
    node,
    /** @param {import("./model.js").State} state */
    update(state) {
      const position = state.queue?.position ?? 0;
      place.parentNode.hidden = !position;
      // Only a change of the position is a change of this live region.
      if (position && position !== shown) {
        fill(number, position);
        fill(ahead, position === 1 ? t("widget.queue.next") : t("widget.queue.ahead", { n: position - 1 }));
        fill(line, Array.from({ length: Math.min(position, HEADS_MAX) - 1 }, () => el("i")), el("i", { class: "me" }));
        shown = position;
      }
      const seconds = state.queue?.estimated_wait_seconds;
      estimated.hidden = !seconds;
      if (seconds) setText(estimate, t("widget.queue.about", { span: formatSpan(Math.max(60, seconds)) }));
      setText(protocol, state.chat.protocol);
      const { state: shared } = state.chat.location;
      const offer = config.location.mode === "queue" || shared === "asked" ? shared : "";
      if (offer !== offered) fill(where, (offer === "none" || offer === "asked" || offer === "revoked") && offerButton(), offer === "shared" && el("p", { class: "w-small" }, icon("pin", "icon icon-s"), " ", t("widget.location.shared")));
      offered = offer;
      this.tick(state);
    },
    /** @param {import("./model.js").State} state */
    tick(state) {
      if (state.queue) setText(waited, formatDuration(state.queue.waited_seconds + (Date.now() - state.queue_at) / 1000));
    },
  };

  function offerButton() {
    return button("btn-quiet", [icon("pin"), t("widget.location.share")], () => {
      fill(where, locationCard(app, app.state.chat.location.state === "asked" ? "agent_request" : "queue", () => ((offered = ""), app.refresh())));
      where.querySelector("button").focus();
    });
  }
}
