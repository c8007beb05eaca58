// @ts-check
/**
 * The middle pane: who it is, for how long, what can be done now; stream and composer have their own modules.
 */
import { el, fill, icon } from "lib/dom";
import { formatDuration, formatSpan, t } from "lib/i18n";
import { isOver } from "console/inbox";
import { setText } from "console/keyed";
import { face, firstName, visitorName } from "console/names";
import { byId } from "console/page";
import { waitingSinceMs } from "console/wait";

/** The visitor is warned this long before a limit; so is the agent (PRODUCT.md, Limits). */
const WARNING_MS = 60_000;

/** @typedef {import("console/desk").Dated} Dated */

/** @param {import("console/desk").Desk} desk */
export function renderConversation(desk) {
  const chat = desk.selected;
  byId("empty").hidden = Boolean(chat);
  byId("conversation").hidden = !chat;
  if (!chat) return renderEmpty(desk);
  const name = visitorName(chat);
  setText(byId("talk-name"), name);
  setText(byId("talk-protocol"), chat.protocol);
  setText(byId("talk-department"), chat.department.name);
  renderFace(desk, chat);
  renderActions(desk, chat);
  renderTyping(desk, chat);
  const other = desk.inbox.queue().length + desk.inbox.mine().reduce((sum, one) => sum + (one.id === chat.id ? 0 : one.unread), 0);
  byId("back-count").hidden = other === 0;
  setText(byId("back-count"), String(other));
  tickConversation(desk);
}

/** Nothing open: all done, or who has waited longest. @param {import("console/desk").Desk} desk */
function renderEmpty(desk) {
  const queue = desk.inbox.queue();
  const first = queue[0];
  byId("empty-accept").hidden = !first;
  byId("empty-accept").disabled = !desk.connected;
  if (!desk.welcomed) return;
  setText(byId("empty-title"), first ? t("console.queue.count", { n: queue.length }) : desk.inbox.mine().length ? t("console.empty.choose") : t("console.empty.title"));
  setText(byId("empty-text"), first ? t("console.empty.longest", { name: visitorName(first) }) : desk.inbox.mine().length ? t("console.empty.choose.text") : t("console.empty.text"));
}

/** Moves the times on. @param {import("console/desk").Desk} desk */
export function tickConversation(desk) {
  const chat = desk.selected;
  if (!chat) return;
  const now = desk.serverNow();
  const [words, ms] = chat.state === "waiting" ? ["console.timer.waiting", now - waitingSinceMs(chat)]
    : chat.started_at ? ["console.timer.active", Date.parse(chat.ended_at ?? new Date(now).toISOString()) - Date.parse(chat.started_at)]
      : ["console.timer.waiting", Date.parse(chat.ended_at ?? chat.requested_at) - Date.parse(chat.requested_at)];
  const timer = byId("talk-timer");
  if (timer.dataset.words !== words) {
    timer.dataset.words = words;
    fill(timer, icon("clock", "icon icon-s"), el("span", { class: "sr-only" }, `${t(words)} `), el("span"));
  }
  setText(timer.lastElementChild, formatDuration(ms / 1000));
  const left = chat.deadline_at && desk.connected ? chat.deadline_at - Date.now() : Infinity;
  const near = left > 0 && left <= WARNING_MS && !isOver(chat);
  byId("deadline").hidden = !near;
  if (near) setText(byId("deadline"), t(chat.deadline?.kind === "inactivity" ? "console.deadline.inactivity" : "console.deadline.wait", { left: formatSpan(left / 1000) }));
  renderTyping(desk, chat);
}

/** @param {import("console/desk").Desk} desk @param {Dated} chat */
function renderFace(desk, chat) {
  const avatar = byId("talk-avatar");
  const known = desk.connected && !isOver(chat);
  const key = `${chat.id} ${chat.visitor.name} ${known && chat.visitor.present} ${known}`;
  if (avatar.dataset.key === key) return;
  avatar.dataset.key = key;
  fill(avatar, face(chat.visitor.name), known && el("i", { class: `dot${chat.visitor.present ? "" : " is-off"}` }));
}

/** @param {import("console/desk").Desk} desk @param {Dated} chat */
function renderActions(desk, chat) {
  const supervises = desk.roster.supervises(chat.department.id);
  const held = desk.held.has(chat.id);
  const mine = desk.inbox.isMine(chat);
  const mayLead = !held && (mine || (chat.state === "active" && supervises));
  byId("act-accept").hidden = chat.state !== "waiting";
  byId("act-accept").disabled = !desk.connected;
  byId("act-transfer").hidden = !(mayLead || chat.state === "waiting");
  byId("act-tags").hidden = false;
  byId("act-finish").hidden = !mayLead;
}

/** @param {import("console/desk").Desk} desk @param {Dated} chat */
function renderTyping(desk, chat) {
  const line = byId("typing");
  const on = desk.connected && desk.threads.isTyping(chat.id, Date.now());
  const text = on ? t("console.typing", { name: firstName(chat) }) : "";
  if (line.dataset.text === text) return;
  line.dataset.text = text;
  fill(line, text, on && el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")));
}
