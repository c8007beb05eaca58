// @ts-check
/**
 * Finishing with undo: the command is held for a moment and can be taken back. Nothing ever leaves `finished`, so
 * the only way back is not to have sent it. Knows no socket and no clock.
 */

/** Time to take a finish back (PRODUCT.md, A8). */
export const UNDO_MS = 5_000;

export class HeldFinishes {
  /** chat id → when it is due. @type {Map<string, number>} */
  #dueAt = new Map();
  #send;

  /** @param {(chatId: string) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {string} chatId @param {number} now */
  hold(chatId, now) {
    if (!this.#dueAt.has(chatId)) this.#dueAt.set(chatId, now + UNDO_MS);
  }

  /** @param {string} chatId @returns {boolean} whether there was something to take back */
  undo(chatId) {
    return this.#dueAt.delete(chatId);
  }

  /** @param {string} chatId */
  has(chatId) {
    return this.#dueAt.has(chatId);
  }

  /** @returns {string[]} chats whose end is held, the earliest first */
  chatIds() {
    return [...this.#dueAt.keys()];
  }

  /** Sends what is due. @param {number} now @returns {boolean} whether anything went */
  tick(now) {
    const due = [...this.#dueAt].filter(([, at]) => at <= now);
    for (const [chatId] of due) this.#go(chatId);
    return due.length > 0;
  }

  /** The page is left: everything goes at once. */
  flush() {
    for (const chatId of this.chatIds()) this.#go(chatId);
  }

  /** @param {string} chatId */
  #go(chatId) {
    this.#dueAt.delete(chatId);
    this.#send(chatId);
  }
}
