// @ts-check
// One row per POST: what it was in a line, and everything about it below. All of it is a stranger's text and enters as text.

import { copyOn } from "inspector/copy";
import { attemptOf, pretty, tokens } from "inspector/model";
import { el, icon } from "lib/dom";
import { formatDateTime, has, locale, t } from "lib/i18n";

/** @typedef {import("inspector/model").Post} Post */

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** The event in words, its code where it has none. @param {Post} post */
export const nameOf = ({ type }) => (has(`webhook.${type}.name`) ? t(`webhook.${type}.name`) : type || t("inspector.unknown"));

/** @param {Post} post @param {(row: HTMLElement) => void} onToggle @returns {HTMLElement} */
export function rowOf(post, onToggle) {
  const id = `post-${post.number}`;
  const row = el("li", { class: "post" });
  const button = el(
    "button", { type: "button", class: "post-line", "aria-expanded": "false", "aria-controls": id, onclick: () => onToggle(row) },
    icon("right", "icon icon-s turn"),
    el("time", { class: "num", datetime: post.at, title: formatDateTime(post.at) }, clock.format(new Date(post.at))),
    el("span", { class: "what" }, el("b", null, nameOf(post)), " ", el("code", null, post.type), " ", kindsOf(post)),
    el("span", { class: "mono protocol" }, post.protocol),
    el("span", { class: "pills" }, statesOf(post)),
  );
  row.append(el("h3", null, button), el("div", { class: "post-whole", id, hidden: true }));
  return row;
}

/** Opens or closes a row; what is inside is made at the first look. @param {HTMLElement} row @param {Post} post @param {boolean} open */
export function setOpen(row, post, open) {
  const whole = /** @type {HTMLElement} */ (row.querySelector(".post-whole"));
  if (open && !whole.firstChild) whole.append(headersOf(post), bodyOf(post));
  whole.hidden = !open;
  row.classList.toggle("is-open", open);
  row.querySelector(".post-line")?.setAttribute("aria-expanded", String(open));
}

/** What sets it apart from others of its type. @param {Post} post */
function kindsOf(post) {
  const attempt = attemptOf(post);
  return [
    post.test && el("span", { class: "pill is-action" }, t("inspector.test")),
    attempt > 1 && el("span", { class: "pill is-wait" }, t("inspector.attempt", { number: attempt })),
  ];
}

/** The states, each in words. @param {Post} post */
function statesOf(post) {
  const [kind, picture, words] = post.verified ? ["is-ok", "check", "inspector.verified"] : ["is-alert", "warn", "inspector.unverified"];
  return [
    el("span", { class: `pill ${kind}` }, icon(picture, "icon icon-s"), t(words)),
    el("span", { class: post.status < 300 ? "pill" : "pill is-wait" }, t("inspector.answered", { status: String(post.status) })),
  ];
}

/** @param {Post} post */
function headersOf(post) {
  const lines = post.headers.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value || t("inspector.blank"))));
  return el("section", null, el("h4", null, t("inspector.headers")), el("dl", { class: "headers" }, lines));
}

/** @param {Post} post */
function bodyOf(post) {
  const text = tokens(pretty(post.body)).map(({ kind, text }) => (kind === "plain" ? text : el("span", { class: `is-${kind}` }, text)));
  const copy = el("button", { type: "button", class: "btn btn-quiet btn-dense" }, icon("copy", "icon icon-s"), el("span", null, t("inspector.copy_body")));
  copyOn(copy, () => post.body);
  const title = `body-${post.number}`;
  return el("section", null, el("div", { class: "post-part" }, el("h4", { id: title }, t("inspector.body")), copy), el("pre", { class: "code", tabindex: "0", role: "group", "aria-labelledby": title }, text));
}
