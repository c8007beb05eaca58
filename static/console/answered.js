// @ts-check
/**
 * What webhooks' answers brought to a visitor's card: who filled what, cards, custom fields by their source. Pure.
 */

/**
 * @typedef {{from: string, at: string}} Filled
 * @typedef {import("console/threads").Card} Card
 * @typedef {import("console/threads").WebhookCard} WebhookCard
 * @typedef {{name: string, value: string | boolean}} Field
 * @typedef {{by: Filled | null, fields: Field[]}} Group
 */

/** Older than this, a time of day alone would mislead. */
const TIME_ALONE_MS = 12 * 3_600_000;

/** Who filled `name` (`email`, `custom.plan`), if it was not the visitor. @param {Card["visitor"]} visitor @param {string} name @returns {Filled | null} */
export function filledBy(visitor, name) {
  return visitor.filled?.[name] ?? null;
}

/** Whether what is shown of the contact is the visitor's own word that nobody vouched for. @param {Card["visitor"]} visitor */
export function isClaimed(visitor) {
  const own = /** @type {const} */ (["email", "phone"]).filter((field) => visitor[field] && !filledBy(visitor, field));
  return own.length > 0 && !own.some((field) => (visitor.verified ?? []).includes(field));
}

/** Custom fields by their source, the visitor's page first; each source with its latest time. @param {Card["visitor"]} visitor @returns {Group[]} */
export function customGroups(visitor) {
  /** @type {Map<string | null, Group>} */
  const groups = new Map();
  for (const [name, value] of Object.entries(visitor.custom ?? {})) {
    const by = filledBy(visitor, `custom.${name}`);
    const group = groups.get(by?.from ?? null) ?? { by, fields: [] };
    if (by && group.by && by.at > group.by.at) group.by = by;
    group.fields.push({ name, value: typeof value === "boolean" ? value : String(value) });
    groups.set(by?.from ?? null, group);
  }
  return [...groups.values()].sort((a, b) => Number(a.by !== null) - Number(b.by !== null));
}

/** The cards, the latest answer's first and each answer's in its order, each with a link that may be offered. @param {Card} card @returns {Array<WebhookCard & {link: {href: string, host: string} | null}>} */
export function cardsOf(card) {
  const byTime = [...(card.cards ?? [])].sort((a, b) => b.at.localeCompare(a.at));
  return byTime.map((one) => ({ ...one, link: linkOf(one.url) }));
}

/** Only https, and the host as it is called: no name before it, no other script. @param {string | null} url */
function linkOf(url) {
  try {
    const { protocol, username, password, host, href } = new URL(url ?? "");
    return protocol === "https:" && host && !username && !password ? { href, host } : null;
  } catch {
    return null;
  }
}

/** Whether the time of day says enough. @param {string} at @param {number} now */
export function isRecent(at, now) {
  return now - Date.parse(at) < TIME_ALONE_MS;
}
