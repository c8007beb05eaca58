// @ts-check
/**
 * The timelines and visitor cards of the chats that were opened here, and who is typing in them. A model over
 * `lib/timeline`; knows neither socket nor page.
 */
import { answer, append, discard, draft, emptyTimeline, mark, prepend, replace } from "lib/timeline";

/** The other side's typing is forgotten after this time (docs/protocol.md). */
export const TYPING_MS = 6_000;

/**
 * @typedef {import("lib/timeline").Timeline} Timeline
 * @typedef {{title: string, content: string, url: string | null, from: string, at: string}} WebhookCard
 * @typedef {{
 *   visitor: {id: string, name: string | null, email: string | null, phone: string | null, locale: string | null, timezone: string | null,
 *     first_seen_at: string | null, chats_count: number, verified: string[], device: {type: string | null, os: string | null, browser: string | null} | null, custom: Record<string, unknown>, filled: Record<string, {from: string, at: string}>},
 *   page: {url: string, title: string | null, referrer: string | null} | null, present: boolean,
 *   consent: {version: string | number, accepted_at: string, marketing: boolean} | null,
 *   cards: WebhookCard[],
 *   previous?: Array<{id: string, protocol: string, subject: string | null, requested_at: string, agent: {id: string, name: string} | string | null, rating: {score: number} | number | null}>
 * }} Card
 * @typedef {{timeline: Timeline, card: Card | null, loaded: boolean, typingUntil: number}} Thread
 */

export class Threads {
  /** @type {Map<string, Thread>} */
  #threads = new Map();

  /** @param {string} chatId @returns {Thread} */
  of(chatId) {
    const thread = this.#threads.get(chatId) ?? { timeline: emptyTimeline(), card: null, loaded: false, typingUntil: 0 };
    this.#threads.set(chatId, thread);
    return thread;
  }

  /** Chats whose timeline is here. */
  loadedIds() {
    return [...this.#threads].filter(([, thread]) => thread.loaded).map(([id]) => id);
  }

  /** What to name in `open`: the last `seq` seen, or null for everything. @param {string} chatId */
  resumeAfter(chatId) {
    const thread = this.of(chatId);
    return thread.loaded ? thread.timeline.last_seq : null;
  }

  /**
   * The answer to `open`.
   * @param {{chat: {id: string, marks: any}, card: Card, entries: any[], more_before?: number | null}} frame
   * @param {number | null} after what was asked
   */
  opened(frame, after) {
    const thread = this.of(frame.chat.id);
    const more = frame.more_before ?? null;
    // More is missing between than one frame holds: start from what came, the rest is there on scrolling up.
    const gap = more !== null && more > thread.timeline.last_seq;
    const resumed = after !== null && thread.loaded && !gap;
    const timeline = resumed
      ? append(thread.timeline, frame.entries)
      : replace(thread.timeline, { entries: frame.entries, more_before: more });
    this.#set(frame.chat.id, { timeline: mark(timeline, frame.chat.marks), card: frame.card, loaded: true });
  }

  /** A live entry; of a chat that was not opened only `open` brings the whole. @param {string} chatId @param {any} entry */
  event(chatId, entry) {
    const thread = this.#threads.get(chatId);
    if (!thread?.loaded) return;
    const typingUntil = entry.by.kind === "visitor" ? 0 : thread.typingUntil;
    this.#set(chatId, { timeline: append(thread.timeline, [entry]), typingUntil });
  }

  /** Earlier entries. @param {{chat_id: string, entries: any[], more_before?: number | null}} frame */
  history(frame) {
    this.#set(frame.chat_id, { timeline: prepend(this.of(frame.chat_id).timeline, frame.entries, frame.more_before ?? null) });
  }

  /** @param {string} chatId @param {import("lib/timeline").Marks} marks */
  marks(chatId, marks) {
    if (this.#threads.has(chatId)) this.#set(chatId, { timeline: mark(this.of(chatId).timeline, marks) });
  }

  /** @param {string} chatId @param {Card} card */
  card(chatId, card) {
    const known = this.#threads.get(chatId);
    // The chats before it are told once, to each reader their own.
    if (known) this.#set(chatId, { card: { ...card, previous: card.previous ?? known.card?.previous } });
  }

  /** Said here, not yet acknowledged. @param {string} chatId @param {{client_id: string, body: string, at: string, type: string}} said */
  said(chatId, said) {
    this.#set(chatId, { timeline: draft(this.of(chatId).timeline, said) });
  }

  /** The server's answer to what was said. @param {string} chatId @param {any} frame */
  answered(chatId, frame) {
    this.#set(chatId, { timeline: answer(this.of(chatId).timeline, frame) });
  }

  /** @param {string} chatId @param {string} clientId @returns {{type: string, body: string} | null} what was discarded */
  discard(chatId, clientId) {
    const { timeline } = this.of(chatId);
    const found = timeline.drafts.find((one) => one.client_id === clientId) ?? null;
    this.#set(chatId, { timeline: discard(timeline, clientId) });
    return found;
  }

  /** @param {string} chatId @param {boolean} on @param {number} now */
  typing(chatId, on, now) {
    this.#set(chatId, { typingUntil: on ? now + TYPING_MS : 0 });
  }

  /** @param {string} chatId @param {number} now */
  isTyping(chatId, now) {
    return (this.#threads.get(chatId)?.typingUntil ?? 0) > now;
  }

  /** @param {string} chatId */
  forget(chatId) {
    this.#threads.delete(chatId);
  }

  /** @param {string} chatId @param {Partial<Thread>} change */
  #set(chatId, change) {
    this.#threads.set(chatId, { ...this.of(chatId), ...change });
  }
}
