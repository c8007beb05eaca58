// @ts-check
// Commands that were not answered yet, in order. Everything here is sent again, unchanged, after each welcome; the server
// acts once per client_id. Knows nothing about what a command means.

import { uuid } from "lib/uuid";

/**
 * @typedef {{type: string, client_id: string, [field: string]: any}} Command
 * @typedef {{list: () => Command[], put: (command: Command, order: number) => void, remove: (client_id: string) => void}} Shelf
 * keeps commands over a reload
 */

const LATER = ["rate_limited", "overloaded"];
const LATER_MS = 2_000;

/**
 * @param {object} options
 * @param {(command: Command) => boolean} options.send false when there is no connection: the command waits
 * @param {(command: Command, answer: any) => void} [options.onSettle] hears every answer, also of commands from before a reload
 * @param {Shelf} [options.shelf] only commands with `keep` are put on it
 * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
 */
export function createOutbox({ send, onSettle, shelf, timers: { setTimeout, clearTimeout } = globalThis }) {
  /** @type {Map<string, {command: Command, done?: (frame: any) => void}>} */ const waiting = new Map();
  for (const command of shelf?.list() ?? []) waiting.set(command.client_id, { command });
  /** @type {any} */ let hold = null;
  let order = Date.now();

  /** @returns {Command[]} the unanswered ones, oldest first */
  const pending = () => Array.from(waiting.values(), ({ command }) => command);

  /** After a welcome: everything unanswered goes out again, in order. */
  function resend() {
    clearTimeout(hold);
    hold = null;
    pending().every(send);
  }

  /**
   * Offer every frame that has a client_id.
   * @param {any} frame @returns {boolean} whether it answered something that was waiting here
   */
  function settle(frame) {
    const item = waiting.get(frame.client_id);
    if (!item || frame.type === "event") return false;
    // The rest waits with it, or a later message would overtake it.
    if (frame.type === "error" && LATER.includes(frame.code)) hold ??= setTimeout(resend, frame.retry_after_ms ?? LATER_MS);
    else {
      drop(frame.client_id);
      onSettle?.(item.command, frame);
      item.done?.(frame);
    }
    return true;
  }

  /** Forgets a command without an answer. @param {string} client_id */
  function drop(client_id) {
    waiting.delete(client_id);
    shelf?.remove(client_id);
  }

  return {
    get pending() {
      return pending();
    },
    resend,
    settle,
    drop,

    /**
     * @param {{type: string, client_id?: string, [field: string]: any}} command
     * @param {{keep?: boolean}} [options] keep: survives a reload
     * @returns {Promise<any>} the frame that answered: `ack`, `error`, or what stands for an ack (`history`, `chat`)
     */
    submit(command, { keep = false } = {}) {
      const whole = { ...command, client_id: command.client_id ?? uuid() };
      return new Promise((done) => {
        waiting.set(whole.client_id, { command: whole, done });
        if (keep) shelf?.put(whole, order++);
        if (!hold) send(whole);
      });
    },

    /** Close code 1009: the longest one is refused here, so that the connection can live. */
    refuseLongest() {
      const size = (/** @type {Command} */ command) => JSON.stringify(command).length;
      const [longest] = pending().sort((a, b) => size(b) - size(a));
      if (longest) settle({ type: "error", client_id: longest.client_id, code: "message_too_long", message: "" });
    },
  };
}

/**
 * One storage name per command, so that two tabs never overwrite each other's list.
 * @param {import("./storage.js").Storage} storage @returns {Shelf}
 */
export function shelfIn(storage) {
  return {
    list: () =>
      storage
        .names("out:")
        .map((name) => storage.get(name))
        .filter((kept) => kept?.command?.client_id)
        .sort((a, b) => a.order - b.order)
        .map((kept) => kept.command),
    put: (command, order) => storage.set("out:" + command.client_id, { command, order }),
    remove: (client_id) => storage.remove("out:" + client_id),
  };
}
