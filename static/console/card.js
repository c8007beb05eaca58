// @ts-check
/**
 * The visitor's card. Redrawn only when what it shows has changed; what the visitor said of themselves and nobody verified says so.
 */
import { el, fill, icon } from "lib/dom";
import { formatDateTime, formatNumber, formatTime, locale, t } from "lib/i18n";
import { cardsOf, customGroups, filledBy, isClaimed, isRecent } from "console/answered";
import { isOver } from "console/inbox";
import { face, visitorName } from "console/names";
import { byId } from "console/page";
import { scoreName } from "console/sentence";

const COORDINATE = { minimumFractionDigits: 5, maximumFractionDigits: 5 };

/** @param {import("console/desk").Desk} desk @param {{tags: () => void}} actions */
export function renderCard(desk, actions) {
  const chat = desk.selected;
  const pane = byId("card");
  const card = chat ? desk.threads.of(chat.id).card : null;
  const key = JSON.stringify([chat?.id, chat?.visitor, chat?.location, chat?.tags, chat?.state, card, desk.connected, chat ? desk.inbox.isMine(chat) : false]);
  if (pane.dataset.key === key) return;
  pane.dataset.key = key;
  const focused = pane.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.focus : null;
  if (!chat) fill(pane, el("p", { class: "card-empty" }, t("console.card.empty")));
  else fill(pane, head(desk, chat, card), card && contact(card), card && now(card), place(desk, chat), tags(chat, actions), card && custom(card), card && webhooks(card), card && consent(card), card && previous(card));
  if (focused) /** @type {HTMLElement | null} */ (pane.querySelector(`[data-focus="${CSS.escape(focused)}"]`))?.focus();
}

/** @param {import("console/desk").Desk} desk @param {import("console/inbox").AgentChat} chat @param {import("console/threads").Card | null} card */
function head(desk, chat, card) {
  const known = desk.connected && !isOver(chat);
  const words = [known && t(chat.visitor.present ? "console.presence.here" : "console.presence.away"), card && t("console.card.nth", { nth: ordinal(card.visitor.chats_count) })].filter(Boolean);
  return el("div", { class: "card-head" }, el("span", { class: "avatar", "aria-hidden": "true" }, face(chat.visitor.name), known && el("i", { class: `dot${chat.visitor.present ? "" : " is-off"}` })),
    el("div", { class: "clip" }, el("h2", { class: "clip" }, visitorName(chat)), el("p", { class: "muted" }, words.join(", "))),
    el("button", { class: "btn btn-icon only-narrow", type: "button", "data-close": "visitor", "aria-label": t("console.close") }, icon("x")));
}

/** @param {number} count */
function ordinal(count) {
  const form = new Intl.PluralRules(locale, { type: "ordinal" }).select(Math.max(1, count));
  return t(`console.ordinal.${form}`, { n: String(Math.max(1, count)) });
}

/** @param {string} title @param {any} aside @param {...any} content */
function block(title, aside, ...content) {
  return el("section", { class: "blk" }, el("header", null, el("h3", null, title), aside), ...content);
}

/** @param {string} symbol @param {string} name @param {any} value @param {any} [small] @returns {any} */
function fact(symbol, name, value, small) {
  return [el("dt", null, icon(symbol, "icon icon-s"), el("span", { class: "sr-only" }, name)), el("dd", null, value, small && el("small", null, small))];
}

/** @param {import("console/threads").Card} card */
function contact({ visitor }) {
  const verified = visitor.verified ?? [];
  const line = (/** @type {string} */ field, /** @type {string} */ symbol, /** @type {string} */ scheme, /** @type {string | null} */ value) =>
    value && fact(symbol, t(`console.card.${field}`), el("a", { href: `${scheme}:${value.replace(/\s/g, "")}` }, value), verified.includes(field) ? t("console.card.verified") : source(filledBy(visitor, field)));
  const named = filledBy(visitor, "name");
  const lines = [named && fact("user", t("console.card.name"), visitor.name, source(named)), line("email", "mail", "mailto", visitor.email), line("phone", "phone", "tel", visitor.phone)].filter(Boolean);
  return block(t("console.card.contact"), isClaimed(visitor) && el("span", { class: "pill", title: t("console.card.claimed.hint") }, t("console.card.claimed")),
    lines.length ? el("dl", { class: "kv" }, lines) : el("p", { class: "muted" }, t("console.card.no_contact")));
}

/** @param {import("console/threads").Card} card */
function now({ page, visitor }) {
  const device = visitor.device;
  const language = visitor.locale ? (new Intl.DisplayNames([locale], { type: "language" }).of(visitor.locale) ?? visitor.locale) : null;
  const facts = [
    page?.url && fact("globe", t("console.card.page"), pageLink(page.url, page.title), page.referrer ? t("console.card.referrer", { host: hostOf(page.referrer) }) : t("console.card.direct")),
    device && fact(device.type === "mobile" || device.type === "tablet" ? "mobile" : "monitor", t("console.card.device"), [device.os, device.browser].filter(Boolean).join(", ") || t("console.card.device.unknown"),
      [language, visitor.timezone?.replaceAll("_", " ")].filter(Boolean).join(", ")),
  ].filter(Boolean);
  return facts.length > 0 && block(t("console.card.now"), null, el("dl", { class: "kv" }, facts));
}

/** The whole address is shown on hovering; what it claims to be was written by the page. @param {string} url @param {string | null} title */
function pageLink(url, title) {
  let shown = url;
  try {
    const { host, pathname } = new URL(url);
    shown = host + (pathname === "/" ? "" : pathname);
  } catch {
    return url;
  }
  if (!/^https?:/.test(url)) return url;
  return [title && el("span", null, title), title && el("br"), el("a", { href: url, target: "_blank", rel: "noopener nofollow noreferrer", title: url, "data-focus": "page" }, shown)];
}

/** @param {string} url */
function hostOf(url) {
  try {
    return new URL(url).host || url;
  } catch {
    return url;
  }
}

/** @param {import("console/desk").Desk} desk @param {import("console/inbox").AgentChat} chat */
function place(desk, chat) {
  const { location } = chat;
  const mayAsk = desk.inbox.isMine(chat) && (location.state === "none" || location.state === "revoked");
  const ask = mayAsk && el("button", { class: "btn btn-quiet btn-dense", type: "button", "data-focus": "ask", onclick: () => desk.askLocation(chat.id) }, t("console.location.ask"));
  if (location.state !== "shared" || location.latitude === undefined || location.longitude === undefined) {
    return block(t("console.location"), ask, el("p", { class: "muted" }, t(`console.location.${location.state === "shared" ? "none" : location.state}`)));
  }
  const [latitude, longitude] = [location.latitude.toFixed(5), location.longitude.toFixed(5)];
  const touch = matchMedia("(pointer: coarse)").matches;
  const href = touch ? `geo:${latitude},${longitude}?q=${latitude},${longitude}` : `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
  return block(t("console.location"), el("span", { class: "pill is-ok" }, t("console.location.consent")),
    el("p", { class: "place" }, el("span", { class: "num" }, `${formatNumber(location.latitude, COORDINATE)}; ${formatNumber(location.longitude, COORDINATE)}`),
      location.accuracy_m !== undefined && el("span", { class: "muted num" }, t("console.location.accuracy", { meters: formatNumber(Math.round(location.accuracy_m)) }))),
    el("p", { class: "place" }, el("a", { href, target: touch ? null : "_blank", rel: "noopener noreferrer", "data-focus": "map" }, t("console.location.open")), location.at && el("span", { class: "muted num" }, formatTime(location.at))));
}

/** @param {import("console/inbox").AgentChat} chat @param {{tags: () => void}} actions */
function tags(chat, actions) {
  return block(t("console.tags"), el("button", { class: "btn btn-quiet btn-dense", type: "button", "data-focus": "tags", onclick: actions.tags }, t("console.tags.edit")),
    chat.tags.length ? el("ul", { class: "tag-row" }, chat.tags.map((tag) => el("li", { class: "tag" }, tag.name))) : el("p", { class: "muted" }, t("console.tags.empty")));
}

/** Where something came from that the visitor did not say. @param {import("console/answered").Filled | null} by */
function source(by) {
  return by && el("span", { title: t("console.card.filled.hint") }, t("console.card.filled", { from: by.from, when: isRecent(by.at, Date.now()) ? formatTime(by.at) : formatDateTime(by.at) }));
}

/** @param {import("console/answered").Filled | null} by */
function sourcePill(by) {
  return by && el("span", { class: "pill" }, source(by));
}

/** @param {import("console/threads").Card} card */
function custom({ visitor }) {
  const shown = (/** @type {string | boolean} */ value) => (typeof value === "boolean" ? t(value ? "console.card.yes" : "console.card.no") : value);
  return customGroups(visitor).map(({ by, fields }) => block(t("console.card.fields"), sourcePill(by),
    el("dl", { class: "fields" }, fields.flatMap(({ name, value }) => [el("dt", null, name), el("dd", null, shown(value))]))));
}

/** Plain text, and at most one address, whose whole host is shown. @param {import("console/threads").Card} card */
function webhooks(card) {
  return cardsOf(card).map(({ title, content, link, from, at }) => block(title, sourcePill({ from, at }), content && el("p", { class: "from-webhook" }, content),
    link && el("p", null, el("a", { href: link.href, target: "_blank", rel: "noopener noreferrer", title: link.href, "aria-label": t("console.card.link", { host: link.host }), "data-focus": `card ${title}` }, link.host))));
}

/** @param {import("console/threads").Card} card */
function consent({ consent: given }) {
  return given && block(t("console.card.consent"), null, el("p", { class: "muted" }, t("console.card.consent.given", { version: String(given.version), at: formatDateTime(given.accepted_at) }), " ", t(given.marketing ? "console.card.marketing.yes" : "console.card.marketing.no")));
}

/** @param {import("console/threads").Card} card */
function previous({ previous: chats }) {
  if (!chats?.length) return null;
  return block(t("console.card.previous"), null, el("div", { class: "prev" }, chats.map((chat) => {
    const agent = typeof chat.agent === "string" ? chat.agent : chat.agent?.name;
    const score = typeof chat.rating === "number" ? chat.rating : chat.rating?.score;
    const words = [agent, score && t("console.card.rated", { score: scoreName(score) })].filter(Boolean).join(", ");
    return el("a", { href: `#${chat.id}`, "data-focus": chat.id }, el("b", { class: "clip" }, chat.subject || chat.protocol), el("small", { class: "num" }, formatDateTime(chat.requested_at).slice(0, 5)), el("small", { class: "clip" }, words || chat.protocol));
  })));
}
