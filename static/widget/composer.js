// @ts-check
// Writing: Enter sends, Shift+Enter breaks the line, and nothing typed is lost by a reload.

import { el, fill } from "lib/dom";
import { t } from "widget/texts";
import { iconButton, popover } from "widget/parts";

const MESSAGE_MAX = 10_000;
const TYPING_EVERY_MS = 3_000;
const EMOJI = [..."😀😂🙂😉😍🤔😕😢😮😡👍👎👏🙏💪👋❤🎉✅📦"];

/** @param {import("./main.js").App} app */
export function composer(app) {
  let told_at = 0;
  const input = el("textarea", { class: "input", rows: 1, "aria-label": t("widget.compose.label"), placeholder: t("widget.compose.placeholder"), enterkeyhint: "send", oninput: typed, onkeydown: key, "aria-describedby": "long" });
  const long = el("p", { class: "error", id: "long", role: "alert", hidden: true });
  const smile = iconButton("smile", t("widget.compose.emoji"), () => {});
  const panel = el("div", { class: "w-emoji", role: "group", "aria-label": t("widget.compose.emoji") }, EMOJI.map((sign) => el("button", { type: "button", onclick: () => insert(sign) }, sign)));
  popover(smile, panel);
  const node = el("form", { class: "w-compose", onsubmit: send }, panel, input, smile, el("button", { class: "btn btn-primary", "aria-label": t("widget.compose.send") }, iconButton("send", "", () => {}).firstChild), long);
  input.value = app.storage.get("draft") ?? "";
  requestAnimationFrame(fit);

  /** @param {Event} event */
  function send(event) {
    event.preventDefault();
    const body = input.value.trim();
    input.focus();
    if (!body || !fits(body)) return;
    app.say(body);
    input.value = "";
    typed();
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    // A composing Enter takes a suggestion of the keyboard.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) send(event);
  }

  function typed() {
    fit();
    fits(input.value);
    app.storage.set("draft", input.value);
    const now = Date.now();
    if (!input.value) told_at = (told_at && app.typing(false), 0);
    else if (now - told_at > TYPING_EVERY_MS) told_at = (app.typing(true), now);
  }

  /** @param {string} text */
  function fits(text) {
    const length = text.length > MESSAGE_MAX ? [...text].length : 0;
    long.hidden = length <= MESSAGE_MAX;
    fill(long, !long.hidden && t("widget.compose.long", { length, max: MESSAGE_MAX }));
    return long.hidden;
  }

  function fit() {
    input.style.height = "auto";
    input.style.height = input.scrollHeight + 2 + "px";
  }

  /** @param {string} sign */
  function insert(sign) {
    input.setRangeText(sign, input.selectionStart, input.selectionEnd, "end");
    input.focus();
    typed();
  }

  return { node, input };
}
