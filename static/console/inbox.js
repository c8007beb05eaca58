// @ts-check
/**
 * The agent's lists: who waits, whose chats are mine, which ended today. A model of frames; knows neither
 * the page nor the clock, nor the timelines (`console/threads`).
 */
import { byEnd, byQueue, byReplyWait } from "console/order";

/**
 * @typedef {{id: string, name: string}} Named
 * @typedef {{delivered: number, read: number}} Mark
 * @typedef {{visitor: Mark, agent: Mark}} Marks
 * @typedef {{kind: string, id: string | null, name: string | null}} Author
 * @typedef {{seq: number, id?: string, at: string, type: string, by: Author, client_id?: string, data: any}} Entry
 * @typedef {{state: "none" | "asked" | "shared" | "revoked", latitude?: number, longitude?: number, accuracy_m?: number, at?: string}} Location
 * @typedef {{
 *   id: string, protocol: string, state: "waiting" | "active" | "finished" | "abandoned" | "missed",
 *   department: Named, site: Named, agent: Named | null,
 *   visitor: {id: string, name: string | null, present: boolean}, subject: string | null, tags: Named[],
 *   requested_at: string, queued_at: string | null, started_at: string | null, ended_at: string | null, end_reason: string | null,
 *   started_before: boolean, offered_to: Named | null, offered_in_ms: number | null, last_seq: number,
 *   last_message: {by: "visitor" | "agent", body: string, at: string} | null, waiting_since: string | null,
 *   unread: number, marks: Marks, rating: {score: number, comment: string | null} | null,
 *   location: Location, deadline: {kind: "wait" | "inactivity", in_ms: number} | null
 * }} AgentChat
 */

/** `last_message.body` is cut by the server at this many characters; a local update keeps to it. */
const PREVIEW_CHARACTERS_MAX = 200;

export class Inbox {
  /** @type {Map<string, AgentChat>} */
  #chats = new Map();
  /** Ended chats that this agent took part in. @type {Set<string>} */
  #ended = new Set();
  /** Chats looked at that belong to no list of this agent. @type {Set<string>} */
  #watched = new Set();
  #agentId = "";

  /**
   * Replaces everything with the server's snapshot; a chat being looked at stays known.
   * @param {{agent: {id: string}, queue: AgentChat[], chats: AgentChat[], ended: AgentChat[]}} frame
   */
  welcome(frame) {
    const watched = [...this.#watched].map((id) => this.#chats.get(id));
    this.#agentId = frame.agent.id;
    this.#chats.clear();
    this.#ended.clear();
    this.#watched.clear();
    for (const chat of watched) if (chat) this.watch(chat);
    for (const chat of [...frame.queue, ...frame.chats, ...frame.ended]) {
      this.#watched.delete(chat.id);
      this.#chats.set(chat.id, chat);
    }
    for (const chat of frame.ended) this.#ended.add(chat.id);
  }

  /** @param {string | null} id @returns {AgentChat | null} */
  chat(id) {
    return (id && this.#chats.get(id)) || null;
  }

  /** @returns {AgentChat[]} in queue order */
  queue() {
    return this.#listed((chat) => chat.state === "waiting").sort(byQueue);
  }

  /** @returns {AgentChat[]} longest wait for a reply first */
  mine() {
    return this.#listed((chat) => this.isMine(chat)).sort(byReplyWait);
  }

  /** @returns {AgentChat[]} latest first */
  ended() {
    return [...this.#ended].flatMap((id) => this.chat(id) ?? []).sort(byEnd);
  }

  /** @param {AgentChat} chat */
  isMine(chat) {
    return chat.state === "active" && chat.agent?.id === this.#agentId;
  }

  /** Whether the chat stands in one of the lists. @param {string} id */
  isListed(id) {
    const chat = this.#chats.get(id);
    return Boolean(chat) && !this.#watched.has(id);
  }

  /**
   * Takes a chat in for looking at, without listing it.
   * @param {AgentChat} chat
   */
  watch(chat) {
    if (!this.isListed(chat.id)) this.#watched.add(chat.id);
    this.#chats.set(chat.id, chat);
  }

  /** Forgets a chat that was only looked at. @param {string} id */
  unwatch(id) {
    if (this.#watched.delete(id)) this.#chats.delete(id);
  }

  /**
   * The answer to `open`: a fresher copy of a chat.
   * @param {AgentChat} chat
   */
  opened(chat) {
    if (this.#chats.has(chat.id)) this.#chats.set(chat.id, chat);
    else this.watch(chat);
  }

  /**
   * @param {{chat_id: string, entry: Entry, chat?: AgentChat}} frame
   * @returns {boolean} whether the entry was new to this inbox
   */
  event(frame) {
    const known = this.#chats.get(frame.chat_id);
    const isNew = !known || frame.entry.seq > known.last_seq;
    if (!isNew) return false;
    if (frame.chat) this.#replace(known, frame.chat);
    else if (known) this.#chats.set(known.id, advance(known, frame.entry));
    return isNew;
  }

  /** @param {AgentChat | undefined} known @param {AgentChat} chat */
  #replace(known, chat) {
    this.#chats.set(chat.id, chat);
    const wasMine = known ? this.isMine(known) : false;
    const concernsMe = chat.state === "waiting" || this.isMine(chat);
    if (concernsMe) this.#watched.delete(chat.id);
    if (isOver(chat) && (wasMine || chat.agent?.id === this.#agentId)) this.#ended.add(chat.id);
    else if (!isOver(chat)) this.#ended.delete(chat.id);
    // Somebody else's now: out of the lists, though `chat_left` may come later or never.
    if (!concernsMe && !this.#ended.has(chat.id)) this.#watched.add(chat.id);
  }

  /**
   * The chat is in no list of this agent any more. Kept for looking at when it is the open one.
   * @param {string} id
   * @param {{keep: boolean}} options
   */
  left(id, { keep }) {
    if (this.#ended.has(id)) return;
    if (keep && this.#chats.has(id)) this.#watched.add(id);
    else {
      this.#watched.delete(id);
      this.#chats.delete(id);
    }
  }

  /**
   * @param {{chat_id: string, visitor: Mark, agent: Mark}} frame
   * @param {Entry[]} entries of the chat's timeline, as far as it is loaded
   */
  marks(frame, entries) {
    const chat = this.#chats.get(frame.chat_id);
    if (!chat) return;
    const marks = { visitor: frame.visitor, agent: frame.agent };
    let unread = chat.unread;
    if (frame.agent.read >= chat.last_seq) unread = 0;
    else if (entries.length) unread = Math.min(unread, entries.filter((entry) => isVisitorMessage(entry) && entry.seq > frame.agent.read).length);
    this.#chats.set(chat.id, { ...chat, marks, unread });
  }

  /**
   * The agent sees the chat's end now. Zero at once, the server is told by `mark`.
   * @param {string} id
   * @returns {number | null} the `seq` to report as read, or null if it is reported already
   */
  read(id) {
    const chat = this.#chats.get(id);
    if (!chat || !this.isMine(chat) || chat.marks.agent.read >= chat.last_seq) return null;
    const agent = { delivered: Math.max(chat.marks.agent.delivered, chat.last_seq), read: chat.last_seq };
    this.#chats.set(id, { ...chat, unread: 0, marks: { ...chat.marks, agent } });
    return chat.last_seq;
  }

  /** @param {string} id @param {boolean} present */
  presence(id, present) {
    const chat = this.#chats.get(id);
    if (chat) this.#chats.set(id, { ...chat, visitor: { ...chat.visitor, present } });
  }

  /** A webhook's answer told who asks. @param {string} id @param {string} name */
  named(id, name) {
    const chat = this.#chats.get(id);
    if (chat) this.#chats.set(id, { ...chat, visitor: { ...chat.visitor, name } });
  }

  /** Messages of visitors that this agent has not read, over all own chats. */
  unread() {
    return this.mine().reduce((sum, chat) => sum + chat.unread, 0);
  }

  /**
   * The chat after or before `id` in the order shown; from the end it goes round.
   * @param {string | null} id
   * @param {1 | -1} step
   * @param {string[]} shown ids, top to bottom
   * @returns {string | null}
   */
  neighbour(id, step, shown) {
    if (shown.length === 0) return null;
    const at = id ? shown.indexOf(id) : -1;
    if (at < 0) return (step === 1 ? shown[0] : shown[shown.length - 1]) ?? null;
    return shown[(at + step + shown.length) % shown.length] ?? null;
  }

  /** @param {(chat: AgentChat) => boolean} belongs */
  #listed(belongs) {
    return [...this.#chats.values()].filter((chat) => !this.#watched.has(chat.id) && !this.#ended.has(chat.id) && belongs(chat));
  }
}

/** @param {AgentChat} chat */
export function isOver(chat) {
  return chat.state !== "waiting" && chat.state !== "active";
}

/** @param {Entry} entry */
function isVisitorMessage(entry) {
  return entry.type === "message" && entry.by.kind === "visitor";
}

/**
 * What an entry means for the copy of a chat when the frame brings no new copy.
 * @param {AgentChat} chat @param {Entry} entry @returns {AgentChat}
 */
function advance(chat, entry) {
  if (entry.type !== "message") return { ...chat, last_seq: entry.seq };
  const fromVisitor = isVisitorMessage(entry);
  return {
    ...chat,
    last_seq: entry.seq,
    last_message: { by: fromVisitor ? "visitor" : "agent", body: [...String(entry.data.body)].slice(0, PREVIEW_CHARACTERS_MAX).join(""), at: entry.at },
    waiting_since: fromVisitor ? (chat.waiting_since ?? entry.at) : null,
    unread: fromVisitor ? chat.unread + 1 : chat.unread,
  };
}

/**
 * Whether a chat answers to what was typed in the search field: each word must be found in the name,
 * the protocol (with or without its dash) or a tag. Case and accents don't matter.
 * @param {AgentChat} chat @param {string} query @param {string} shownName
 */
export function matches(chat, query, shownName) {
  const hay = fold([shownName, chat.protocol, chat.protocol.replaceAll("-", ""), ...chat.tags.map((tag) => tag.name)].join(" "));
  return fold(query).split(/\s+/).filter(Boolean).every((word) => hay.includes(word));
}

/** @param {string} text */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
