// @ts-check
// Asking for the place, with purpose, recipients and term before the browser's own question.

import { el, fill, icon } from "lib/dom";
import { t } from "widget/texts";
import { button, notice } from "widget/parts";

const FIX_MAX_MS = 20_000;

/** @param {import("./main.js").App} app @param {"queue" | "agent_request"} source @param {() => void} decline */
export function locationCard(app, source, decline) {
  const { recipients, keep_days } = app.config.location;
  const told = el("div", { role: "alert" });
  const share = button("btn-primary", [icon("pin"), t("widget.location.share")], () => {
    share.disabled = true;
    fill(told);
    const failed = (/** @type {number} */ code) => {
      share.disabled = false;
      fill(told, notice(t(code === 1 ? "widget.location.denied" : "widget.location.failed"), "is-alert"));
    };
    if (!navigator.geolocation) return failed(2);
    navigator.geolocation.getCurrentPosition(
      async ({ coords }) => {
        const frame = await app.command("locate", { latitude: coords.latitude, longitude: coords.longitude, accuracy_m: Math.round(coords.accuracy), source });
        if (frame.type === "error") failed(2);
      },
      ({ code }) => failed(code),
      { enableHighAccuracy: true, timeout: FIX_MAX_MS, maximumAge: 60_000 },
    );
  });
  return el(
    "div",
    { class: "consent", role: "group", "aria-labelledby": "where" },
    el("h2", { id: "where" }, t("widget.location.title")),
    el("ul", null, el("li", null, t("widget.location.once")), el("li", null, t("widget.location.seen_by", { who: recipients || app.config.site.name })), keep_days && el("li", null, t("widget.location.kept", { n: keep_days })), el("li", null, t("widget.location.undo"))),
    told,
    el("div", { class: "acts" }, share, button("btn-quiet", t("widget.location.not_now"), decline)),
  );
}
