// @ts-check
/**
 * Events of a chat in words, for the stream. Pure but for the texts.
 */
import { formatSpan, formatTime, t } from "lib/i18n";

/**
 * @typedef {import("console/inbox").Entry} Entry
 * @typedef {{meId: string, visitor: string}} Who `visitor`: what to call the visitor
 */

const ICONS = /** @type {Record<string, string>} */ ({
  requested: "chat", called: "bell", started: "user", transferred: "transfer", location_asked: "pin", located: "pin", location_revoked: "pin",
  tagged: "tag", rated: "star", stayed: "clock", finished: "done", abandoned: "logout", missed: "clock",
});

/** Entries without a row: offers come and go every few seconds, and a later version may have types that nobody here knows. */
export const SILENT = /** @type {Set<string>} */ ({ has: (/** @type {string} */ type) => !(type in ICONS || type === "message" || type === "note") });

/**
 * @param {Entry} entry @param {Who} who
 * @returns {{icon: string, text: string}}
 */
export function sentence(entry, who) {
  return { icon: ICONS[entry.type] ?? "clock", text: words(entry, who) };
}

/** @param {Entry} entry @param {Who} who @returns {string} */
function words(entry, who) {
  const { data } = entry;
  const base = { visitor: who.visitor, time: formatTime(entry.at) };
  switch (entry.type) {
    case "requested":
      return t("console.event.requested", { ...base, department: data.department?.name ?? "" });
    case "called":
      return called(data, base.time);
    case "started": {
      const mine = data.agent.id === who.meId;
      const key = mine ? "console.event.started.me" : "console.event.started.other";
      const waited = Number(data.waited_seconds ?? 0);
      return t(key, { ...base, agent: data.agent.name }) + (data.first !== false && waited > 0 ? t("console.event.started.after", { wait: formatSpan(waited) }) : "");
    }
    case "transferred":
      return transferred(entry, who, base);
    case "location_asked":
      return t(entry.by.id === who.meId ? "console.event.location_asked.me" : "console.event.location_asked.other", { ...base, agent: nameOf(entry) });
    case "located":
      return t("latitude" in data ? "console.event.located" : "console.event.located.gone", base);
    case "location_revoked":
      return t("console.event.location_revoked", base);
    case "tagged":
      return tagged(entry, who);
    case "rated":
      return t(data.comment ? "console.event.rated.comment" : "console.event.rated", { ...base, score: scoreName(data.score), comment: data.comment ?? "" });
    case "stayed":
      return t("console.event.stayed", base);
    case "finished":
      return finished(entry, who, base);
    case "abandoned":
      return t(`console.event.abandoned.${oneOf(data.reason, ["left", "disconnected", "callback"])}`, { ...base, wait: formatSpan(Number(data.waited_seconds ?? 0)) });
    case "missed":
      return t("console.event.missed", { ...base, wait: formatSpan(Number(data.waited_seconds ?? 0)) });
    default:
      return t("console.event.other", base);
  }
}

/** @param {any} data @param {string} time */
function called(data, time) {
  const names = (data.agents ?? []).map((/** @type {{name: string}} */ agent) => agent.name).join(", ");
  return names ? t(`console.event.called.${oneOf(data.circle, ["department", "everyone", "supervisors"])}`, { names, time }) : t("console.event.called.nobody", { time });
}

/** @param {Entry} entry @param {Who} who @param {Record<string, string>} base */
function transferred(entry, who, base) {
  const { reason, from, to } = entry.data;
  const agent = from?.agent?.name ?? "";
  if (reason === "agent_lost" || reason === "agent_deactivated") return t(`console.event.transferred.${reason}`, { ...base, agent, department: to?.department?.name ?? "" });
  const receiver = to?.agent ? (to.agent.id === who.meId ? t("console.you.object") : to.agent.name) : (to?.department?.name ?? "");
  const mine = entry.by.id === who.meId;
  const key = to?.agent ? (mine ? "console.event.transferred.agent.me" : "console.event.transferred.agent") : mine ? "console.event.transferred.department.me" : "console.event.transferred.department";
  const line = t(key, { ...base, by: nameOf(entry), receiver });
  return entry.data.note ? `${line}: ${t("console.quoted", { text: entry.data.note })}` : line;
}

/** @param {Entry} entry @param {Who} who */
function tagged(entry, who) {
  const list = (/** @type {Array<{name: string}>} */ tags) => (tags ?? []).map((tag) => tag.name).join(", ");
  const by = entry.by.id === who.meId ? t("console.you") : nameOf(entry);
  const added = list(entry.data.added);
  const removed = list(entry.data.removed);
  if (added && removed) return t("console.event.tagged.both", { by, added, removed });
  if (added) return t("console.event.tagged.added", { by, added, n: entry.data.added.length });
  return t("console.event.tagged.removed", { by, removed, n: entry.data.removed.length });
}

/** @param {Entry} entry @param {Who} who @param {Record<string, string>} base */
function finished(entry, who, base) {
  const { reason } = entry.data;
  if (reason !== "closed") return t(`console.event.finished.${oneOf(reason, ["left_queue", "inactive", "unattended"])}`, base);
  if (entry.by.kind === "visitor") return t("console.event.finished.visitor", base);
  return entry.by.id === who.meId ? t("console.event.finished.me", base) : t("console.event.finished.other", { ...base, agent: nameOf(entry) });
}

/** @param {Entry} entry */
function nameOf(entry) {
  if (entry.by.name) return entry.by.name;
  return t(`console.by.${oneOf(entry.by.kind, ["system", "api", "webhook", "agent"])}`);
}

/** @param {number} score 1 to 5 */
export function scoreName(score) {
  return t(`console.score.${score}`);
}

/** Why a chat ended, for the list. @param {{state: string, end_reason: string | null}} chat */
export function endName({ state, end_reason: reason }) {
  if (state === "missed") return t("console.end.missed");
  if (state === "abandoned") return t("console.end.abandoned");
  return t(`console.end.${oneOf(reason, ["closed", "left_queue", "inactive", "unattended"])}`);
}

/** A value of a later version of the protocol falls back on the first. @param {unknown} value @param {string[]} known */
function oneOf(value, known) {
  return known.includes(String(value)) ? String(value) : known[0];
}
