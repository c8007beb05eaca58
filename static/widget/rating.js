// @ts-check
// The end: five faces with words, a comment, thanks, the copy, and the way back in.

import { el, fill, icon, prose } from "lib/dom";
import { t } from "widget/texts";
import { rows } from "lib/timeline";
import { button, notice, thanks } from "widget/parts";
import { download } from "widget/transcript";

const WORDS = ["widget.rate.score_1", "widget.rate.score_2", "widget.rate.score_3", "widget.rate.score_4", "widget.rate.score_5"];
const REASONS = { closed: "widget.end.why_closed", left_queue: "widget.end.why_left_queue", inactive: "widget.end.why_inactive", unattended: "widget.end.why_unattended" };

/** Why the chat has ended. @param {any} chat */
const why = (chat) => t(/** @type {any} */ (REASONS)[chat.end_reason]);

/** @param {import("./main.js").App} app */
const keepsakes = (app) => el("div", { class: "w-keep" }, button("btn-quiet", t("widget.end.reread"), () => app.act({ type: "see", wish: "reread" })), button("btn-quiet", t("widget.end.download"), () => download(app)));

/** The text that the ended chat refused, and a new chat that begins with it. @param {import("./main.js").App} app */
const carried = (app) => app.state.carry && el("div", { class: "w-carry", role: "alert" }, notice(t("widget.end.carry")), el("blockquote", null, app.state.carry), button("btn-primary btn-block", t("widget.end.carry_on"), app.startAgain));

/** The agent's last words, which the end would hide from whoever was about to read them. @param {import("./main.js").App} app */
function parting({ state, config }) {
  const last = rows(state.timeline, { side: "visitor" }).findLast?.((row) => row.kind === "group");
  if (last?.kind !== "group" || last.mine) return null;
  return el("div", { class: "grp is-them" }, el("p", { class: "who" }, last.by?.name ?? config.site.name), last.messages.map((message) => el("div", { class: "msg" }, prose(message.body))));
}

/** @param {import("./main.js").App} app */
export function rate(app) {
  const { chat } = app.state;
  const wrong = el("p", { class: "error", id: "rate-error", role: "alert", hidden: true });
  const faces = WORDS.map((word, i, _, score = i + 1) => el("label", null, el("input", { type: "radio", name: "score", value: score, "aria-describedby": wrong.id, onchange: () => (wrong.hidden = true) }), icon("face" + score, ""), t(word)));
  const comment = el("textarea", { class: "input", id: "comment", rows: 3, maxlength: 2000 });
  const carry = el("div");
  const node = el(
    "form",
    { class: "w-screen", onsubmit: send, novalidate: true },
    el(
      "div",
      { class: "w-body w-form is-wide" },
      parting(app),
      carry,
      el("p", { class: "w-small" }, why(chat)),
      el("fieldset", { class: "field" }, el("legend", null, chat.agent ? t("widget.rate.of_agent", { name: chat.agent.name }) : t("widget.rate.of_chat")), el("div", { class: "rate" }, faces), wrong),
      el("div", { class: "field" }, el("label", { for: "comment" }, t("widget.rate.comment"), " ", el("span", { class: "opt" }, t("widget.form.optional"))), comment),
      keepsakes(app),
    ),
    el("div", { class: "w-foot row" }, button("btn-quiet", t("widget.rate.skip"), () => app.act({ type: "see", wish: "skipped" })), el("button", { class: "btn btn-primary grow" }, t("widget.rate.send"))),
  );

  /** @param {Event} event */
  function send(event) {
    event.preventDefault();
    const score = Number(new FormData(node).get("score"));
    wrong.hidden = score > 0;
    if (!score) {
      fill(wrong, icon("warn", "icon icon-s"), t("widget.rate.choose"));
      return node.querySelector("input").focus();
    }
    app.command("rate", { score, comment: comment.value.trim() || null });
    app.act({ type: "see", wish: "skipped" });
  }

  return { node, update: () => fill(carry, carried(app)) };
}

/** @param {import("./main.js").App} app */
export function ended(app) {
  const { chat, visitor } = app.state;
  const title = el("h2");
  const lead = el("p");
  const carry = el("div");
  const node = thanks({ "aria-label": t("widget.end.title") }, [title, lead, carry, chat.started_at && keepsakes(app)], button("btn-block", t("widget.end.again"), app.startAgain));
  return {
    node,
    /** @param {import("./model.js").State} state */
    update(state) {
      const first = visitor.name?.split(" ")[0];
      const rated = state.chat.rating;
      const served = state.chat.state === "finished";
      fill(title, !served ? t("widget.left.title") : first ? t("widget.end.thanks_name", { name: first }) : t("widget.end.thanks"));
      fill(lead, rated ? t("widget.end.rated") : served ? why(state.chat) : t(state.chat.end_reason === "disconnected" ? "widget.left.disconnected" : "widget.left.lead"));
      fill(carry, carried(app));
    },
  };
}

/** The offline message is in. @param {import("./main.js").App} app */
export function noted(app) {
  const said = [el("h2", null, t("widget.noted.title")), el("p", null, t("widget.noted.lead", { site: app.config.site.name }))];
  return { node: thanks({ role: "status" }, said, button("btn-block", t("widget.noted.back"), app.startAgain)), update() {} };
}
