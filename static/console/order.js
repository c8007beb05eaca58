// @ts-check
/**
 * The order of the lists: who has waited longest comes first, and nothing moves under the pointer.
 * Pure: the time is handed in.
 */

/** @typedef {import("console/inbox").AgentChat} AgentChat */

/** While the pointer rests on a list its order is held this long (design/README, Motion). */
export const HOLD_MS = 2_000;

/**
 * The server's queue order: chats that had been started before come first, then by request.
 * @param {AgentChat} a @param {AgentChat} b
 */
export function byQueue(a, b) {
  return Number(b.started_before) - Number(a.started_before) || compare(a.requested_at, b.requested_at) || compare(a.id, b.id);
}

/**
 * Own chats: who waits for a reply first, longest wait first; then the others, latest word first.
 * @param {AgentChat} a @param {AgentChat} b
 */
export function byReplyWait(a, b) {
  if (a.waiting_since && b.waiting_since) return compare(a.waiting_since, b.waiting_since) || compare(a.id, b.id);
  if (a.waiting_since || b.waiting_since) return a.waiting_since ? -1 : 1;
  return compare(lastWordAt(b), lastWordAt(a)) || compare(a.id, b.id);
}

/** Ended chats, the latest first. @param {AgentChat} a @param {AgentChat} b */
export function byEnd(a, b) {
  return compare(b.ended_at ?? "", a.ended_at ?? "") || compare(a.id, b.id);
}

/** @param {AgentChat} chat */
function lastWordAt(chat) {
  return chat.last_message?.at ?? chat.started_at ?? chat.requested_at;
}

/** Time stamps of one format and zone compare as text. @param {string} a @param {string} b */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Keeps a list still while somebody is about to click in it. New entries join at the end, gone ones leave at once;
 * the true order comes back when the pointer leaves, or `HOLD_MS` after it came or last moved.
 */
export class HeldOrder {
  /** @type {string[]} */
  #shown = [];
  #heldUntil = 0;

  /** The pointer is over the list. @param {number} now */
  hold(now) {
    this.#heldUntil = now + HOLD_MS;
  }

  release() {
    this.#heldUntil = 0;
  }

  /** When the order is due to be set right, or null if it isn't held. @param {number} now */
  dueInMs(now) {
    return this.#heldUntil > now ? this.#heldUntil - now : null;
  }

  /**
   * @param {string[]} wanted the ids in their true order
   * @param {number} now
   * @returns {string[]} the ids in the order to show
   */
  arrange(wanted, now) {
    if (this.#heldUntil > now) {
      const still = new Set(wanted);
      const kept = this.#shown.filter((id) => still.has(id));
      const known = new Set(kept);
      this.#shown = [...kept, ...wanted.filter((id) => !known.has(id))];
    } else {
      this.#shown = [...wanted];
    }
    return [...this.#shown];
  }
}
