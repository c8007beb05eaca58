// @ts-check
/**
 * The offline messages as a list: open ones oldest first, since their writers have waited longest; done ones latest first. Pure.
 */
import { fold } from "console/inbox";

/**
 * @typedef {import("console/inbox").Named} Named
 * @typedef {{id: string, department: Named | null, site: Named | null, name: string | null, email: string | null, phone: string | null, body: string,
 *   at: string, protocol: string | null, chat_id: string | null, done_at: string | null, done_by: Named | null}} OfflineMessage
 */

export class OfflineList {
  /** @type {Map<string, OfflineMessage>} */
  #messages = new Map();

  /** @param {OfflineMessage[]} messages */
  constructor(messages) {
    for (const message of messages) this.put(message);
  }

  /** A new one, or a changed copy of one. @param {OfflineMessage} message */
  put(message) {
    this.#messages.set(message.id, message);
  }

  /** Shown as done before the server's word. @param {string} id @param {Named | null} by @param {string} at */
  done(id, by, at) {
    const message = this.#messages.get(id);
    if (message && !message.done_at) this.#messages.set(id, { ...message, done_at: at, done_by: by });
  }

  /** The server refused. @param {string} id */
  reopen(id) {
    const message = this.#messages.get(id);
    if (message) this.#messages.set(id, { ...message, done_at: null, done_by: null });
  }

  /** @param {"open" | "done"} which @param {string} [query] @returns {OfflineMessage[]} */
  list(which, query = "") {
    const words = fold(query).split(/\s+/).filter(Boolean);
    const found = [...this.#messages.values()].filter((message) => Boolean(message.done_at) === (which === "done") && words.every((word) => hayOf(message).includes(word)));
    return which === "open" ? found.sort((a, b) => (a.at < b.at ? -1 : 1)) : found.sort((a, b) => ((a.done_at ?? "") > (b.done_at ?? "") ? -1 : 1));
  }
}

/** @param {OfflineMessage} message */
function hayOf(message) {
  return fold([message.name, message.email, message.phone, message.protocol, message.body, message.department?.name].filter(Boolean).join(" "));
}
