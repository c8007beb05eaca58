// @ts-check
/**
 * What was begun and not sent, kept per chat and kind of text, so that a reload or another tab has it too.
 */

/** Drafts older than this are of no use to anybody. */
const KEEP_MS = 30 * 24 * 3600 * 1000;
const START = "draft:";

/** @typedef {"message" | "note"} Kind */

export class Drafts {
  #storage;

  /** @param {import("lib/storage").Storage} storage of this agent: two people may share a browser */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {string} chatId @param {Kind} kind @returns {string} */
  read(chatId, kind) {
    const text = this.#storage.get(this.name(chatId, kind))?.text;
    return typeof text === "string" ? text : "";
  }

  /** @param {string} chatId @param {Kind} kind @param {string} text @param {number} now */
  write(chatId, kind, text, now) {
    if (text) this.#storage.set(this.name(chatId, kind), { text, at: now });
    else this.#storage.remove(this.name(chatId, kind));
  }

  /** Puts a refused text back in front of what was begun meanwhile. @param {string} chatId @param {Kind} kind @param {string} text @param {number} now */
  giveBack(chatId, kind, text, now) {
    const begun = this.read(chatId, kind);
    this.write(chatId, kind, begun ? `${text}\n${begun}` : text, now);
  }

  /** Removes what is too old. @param {number} now */
  sweep(now) {
    for (const name of this.#storage.names(START)) {
      if (now - Number(this.#storage.get(name)?.at ?? 0) > KEEP_MS) this.#storage.remove(name);
    }
  }

  /** Its name in the storage, to listen to other tabs. @param {string} chatId @param {Kind} kind */
  name(chatId, kind) {
    return `${START}${chatId}:${kind}`;
  }
}
