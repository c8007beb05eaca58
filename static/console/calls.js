// @ts-check
/**
 * Who is ringing for this agent, which call the toast offers, and when it leaves. A model: no sound, no page, no clock.
 */

/** A toast leaves after this time (design/README, Behaviour notes). */
export const TOAST_MS = 20_000;
/** The tone is repeated at this distance while the toast is there. */
export const TONE_EVERY_MS = 5_000;

export class Calls {
  /** chat id → circle of the call. @type {Map<string, string>} */
  #ringing = new Map();
  /** Calls the agent has put aside, or that have been offered long enough. @type {Set<string>} */
  #dismissed = new Set();
  /** @type {string | null} */
  #shown = null;
  #leftMs = TOAST_MS;
  /** @type {number | null} */
  #runningSince = null;
  #nextToneAt = 0;

  /**
   * @param {string} chatId
   * @param {string} circle who is being called: `department`, `everyone` or `supervisors`
   * @returns {boolean} whether the call is new: then it is announced, even if the chat had been put aside in a smaller circle
   */
  ring(chatId, circle) {
    if (this.#ringing.get(chatId) === circle) return false;
    this.#ringing.set(chatId, circle);
    this.#dismissed.delete(chatId);
    return true;
  }

  /** Somebody took it, or it went: all quiet at once. @param {string} chatId */
  unring(chatId) {
    this.#dismissed.delete(chatId);
    return this.#ringing.delete(chatId);
  }

  /**
   * After a reconnect: only what still waits can ring.
   * @param {Iterable<string>} waitingIds
   */
  keepOnly(waitingIds) {
    const waiting = new Set(waitingIds);
    for (const id of [...this.#ringing.keys()]) if (!waiting.has(id)) this.unring(id);
  }

  /** "Agora não". @param {string} chatId */
  dismiss(chatId) {
    this.#dismissed.add(chatId);
  }

  /** @param {string} chatId */
  isRinging(chatId) {
    return this.#ringing.has(chatId);
  }

  /**
   * The call to offer: of those that ring and were not put aside, the one who has waited longest.
   * @param {string[]} queueIds in queue order
   * @param {number} now
   * @returns {{chatId: string, more: number} | null}
   */
  offer(queueIds, now) {
    const open = queueIds.filter((id) => this.#ringing.has(id) && !this.#dismissed.has(id));
    const first = open[0] ?? null;
    if (first !== this.#shown) {
      this.#shown = first;
      this.#leftMs = TOAST_MS;
      this.#runningSince = first ? now : null;
      this.#nextToneAt = now;
    }
    return first ? { chatId: first, more: open.length - 1 } : null;
  }

  /** Hovering or focusing the toast stops its clock. @param {number} now */
  pause(now) {
    if (this.#runningSince === null) return;
    this.#leftMs -= now - this.#runningSince;
    this.#runningSince = null;
  }

  /** @param {number} now */
  resume(now) {
    if (this.#shown && this.#runningSince === null) this.#runningSince = now;
  }

  /**
   * Lets the toast go when its time is over.
   * @param {number} now
   * @returns {boolean} whether it went
   */
  expire(now) {
    if (!this.#shown || this.#runningSince === null) return false;
    if (now - this.#runningSince < this.#leftMs) return false;
    this.dismiss(this.#shown);
    return true;
  }

  /**
   * Whether the tone is due now. Asking counts as playing it.
   * @param {number} now
   */
  toneDue(now) {
    if (!this.#shown || now < this.#nextToneAt) return false;
    this.#nextToneAt = now + TONE_EVERY_MS;
    return true;
  }
}
