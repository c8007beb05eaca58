// @ts-check
// What one side sees of one chat: entries by `seq`, what was typed and is not acknowledged yet, ticks, groups, days.
// Pure: every function gives a new value. Knows no socket, no texts, no DOM.

/**
 * @typedef {{kind: string, id: string | null, name: string | null}} Author
 * @typedef {{seq: number, id: string, at: string, type: string, by: Author, client_id?: string, data: any}} Entry
 * @typedef {{delivered: number, read: number}} Mark
 * @typedef {{visitor: Mark, agent: Mark}} Marks
 * @typedef {{client_id: string, type: string, body: string, at: string, state: "pending" | "sent" | "failed", seq?: number, code?: string}} Draft
 * @typedef {{last_seq: number, entries: Entry[], drafts: Draft[], marks: Marks | null, more_before: number | null}} Timeline
 * @typedef {"pending" | "failed" | "sent" | "delivered" | "read"} Tick
 * @typedef {{key: string, type: string, body: string, at: string, seq: number | null, tick: Tick | null, code?: string}} Message
 * @typedef {{kind: "day", key: string, at: string}
 *   | {kind: "group", key: string, type: string, mine: boolean, by: Author | null, at: string, tick: Tick | null, messages: Message[]}
 *   | {kind: "line", key: string, entry: Entry}} Row
 * `tick` only on one's own messages. A group's `at` and `tick` are those of its last message.
 */

const GROUP_MAX_MS = 120_000;

/** @returns {Timeline} */
export const emptyTimeline = () => ({ last_seq: 0, entries: [], drafts: [], marks: null, more_before: null });

/**
 * New entries of a live event or a resume. Whatever is not newer than the last one is dropped.
 * @param {Timeline} timeline @param {Entry[]} entries @returns {Timeline}
 */
export function append(timeline, entries) {
  const fresh = entries.filter((entry) => entry.seq > timeline.last_seq);
  const last = fresh.at(-1);
  if (!last) return timeline;
  const mine = new Set(fresh.map((entry) => entry.client_id));
  const drafts = timeline.drafts.filter((draft) => !mine.has(draft.client_id));
  return { ...timeline, entries: [...timeline.entries, ...fresh], drafts, last_seq: last.seq };
}

/**
 * A snapshot replaces the entries and keeps what was typed and is not among them.
 * @param {Timeline} timeline @param {{entries: Entry[], marks?: Marks | null, more_before?: number | null}} snapshot @returns {Timeline}
 */
export function replace(timeline, { entries, marks = null, more_before = null }) {
  return append({ ...timeline, entries: [], last_seq: 0, marks, more_before }, entries);
}

/** Earlier entries, asked for. @param {Timeline} timeline @param {Entry[]} entries @param {number | null} [more_before] @returns {Timeline} */
export function prepend(timeline, entries, more_before = null) {
  const first = timeline.entries[0]?.seq ?? Infinity;
  return { ...timeline, entries: [...entries.filter((entry) => entry.seq < first), ...timeline.entries], more_before };
}

/** @param {Timeline} timeline @param {Marks | null} marks @returns {Timeline} */
export const mark = (timeline, marks) => ({ ...timeline, marks });

/** @param {Timeline} timeline @param {{client_id: string, body: string, at: string, type?: string}} draft @returns {Timeline} */
export function draft(timeline, { client_id, body, at, type = "message" }) {
  if (timeline.entries.some((entry) => entry.client_id === client_id)) return timeline;
  const others = timeline.drafts.filter((other) => other.client_id !== client_id);
  return { ...timeline, drafts: [...others, { client_id, body, at, type, state: "pending" }] };
}

/**
 * The answer to a draft: an `ack` makes it sent, an `error` failed.
 * @param {Timeline} timeline @param {any} frame @returns {Timeline}
 */
export function answer(timeline, frame) {
  const drafts = timeline.drafts.map((one) => {
    if (one.client_id !== frame.client_id) return one;
    if (frame.type === "error") return { ...one, state: /** @type {const} */ ("failed"), code: frame.code };
    return { ...one, state: /** @type {const} */ ("sent"), seq: frame.seq, at: frame.at ?? one.at };
  });
  return { ...timeline, drafts };
}

/** @param {Timeline} timeline @param {string} client_id @returns {Timeline} */
export const discard = (timeline, client_id) => ({ ...timeline, drafts: timeline.drafts.filter((one) => one.client_id !== client_id) });

/** @param {number | null | undefined} seq @param {Mark | undefined} other the marks of the side that reads @returns {Tick} */
export function tickOf(seq, other) {
  if (!seq || !other) return "sent";
  return seq <= other.read ? "read" : seq <= other.delivered ? "delivered" : "sent";
}

/** How many messages of the other side came after the read mark. @param {Timeline} timeline @param {"visitor" | "agent"} side */
export function unread(timeline, side) {
  const read = timeline.marks?.[side].read ?? 0;
  return timeline.entries.filter((entry) => entry.type === "message" && sideOf(entry.by) !== side && entry.seq > read).length;
}

/** Agents, programs and the system speak to the visitor from one side. @param {Author} by */
const sideOf = (by) => (by.kind === "visitor" ? "visitor" : "agent");

/**
 * The rows to show, oldest first.
 * @param {Timeline} timeline
 * @param {{side: "visitor" | "agent", timezone?: string, hidden?: Set<string>}} view `hidden`: entry types without a row
 * @returns {Row[]}
 */
export function rows(timeline, { side, timezone, hidden = new Set() }) {
  const other = timeline.marks?.[side === "visitor" ? "agent" : "visitor"];
  const days = new Intl.DateTimeFormat("sv-SE", { timeZone: timezone });
  /** @type {Row[]} */
  const out = [];
  let day = "";
  /** @param {string} at */
  const dayOf = (at) => {
    const next = days.format(new Date(at));
    if (next !== day) out.push({ kind: "day", key: "day-" + next, at });
    day = next;
  };
  /** @param {Message} message @param {Author | null} by @param {boolean} mine */
  const say = (message, by, mine) => {
    dayOf(message.at);
    const last = out.at(-1);
    const joins = last?.kind === "group" && last.type === message.type && last.mine === mine
      && (last.by === null || by === null || (last.by.kind === by.kind && last.by.id === by.id))
      && Date.parse(message.at) - Date.parse(last.at) < GROUP_MAX_MS;
    if (joins && last.kind === "group") {
      last.messages.push(message);
      last.at = message.at;
      last.tick = message.tick;
    } else out.push({ kind: "group", key: "group-" + message.key, type: message.type, mine, by, at: message.at, tick: message.tick, messages: [message] });
  };
  for (const entry of timeline.entries) {
    if (hidden.has(entry.type)) continue;
    if (entry.type === "message" || entry.type === "note") {
      const mine = sideOf(entry.by) === side;
      say({ key: entry.client_id ?? entry.id, type: entry.type, body: entry.data.body, at: entry.at, seq: entry.seq, tick: mine && entry.type === "message" ? tickOf(entry.seq, other) : null }, entry.by, mine);
    } else {
      dayOf(entry.at);
      out.push({ kind: "line", key: entry.id, entry });
    }
  }
  for (const one of timeline.drafts) {
    say({ key: one.client_id, type: one.type, body: one.body, at: one.at, seq: one.seq ?? null, tick: one.state === "sent" ? tickOf(one.seq, other) : one.state, code: one.code }, null, true);
  }
  return out;
}
