// @ts-check
/**
 * Which key means what. Pure: reads a keyboard event, answers an action. Letters are read from `code`, the place of
 * the key, since with Option macOS reports the character that it types; a dead or composing key never acts.
 */

/**
 * @typedef {"next" | "previous" | "search" | "write" | "note" | "accept" | "transfer" | "tags" | "finish" | "availability" | "visitor" | "help" | "close"} Action
 * @typedef {{key: string, code: string, altKey: boolean, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean, isComposing?: boolean, repeat?: boolean}} Press
 * @typedef {{mac: boolean, letters: boolean, inField: boolean}} Setting `letters`: the account's switch for shortcuts with letters
 */

/** @type {Record<string, Action>} */
const ALT = {
  ArrowDown: "next",
  ArrowUp: "previous",
  KeyM: "write",
  KeyI: "note",
  KeyN: "accept",
  KeyT: "transfer",
  KeyG: "tags",
  KeyE: "finish",
  KeyD: "availability",
  KeyV: "visitor",
};

/** Moving on by holding a key is wanted, taking chat after chat is not. */
const REPEATABLE = new Set(["next", "previous"]);

/**
 * @param {Press} press
 * @param {Setting} setting
 * @returns {Action | null}
 */
export function actionOf(press, setting) {
  if (press.isComposing || press.key === "Dead" || press.key === "Process") return null;
  if (press.key === "Escape") return "close";
  const action = named(press, setting);
  return action && press.repeat && !REPEATABLE.has(action) ? null : action;
}

/** @param {Press} press @param {Setting} setting @returns {Action | null} */
function named(press, { mac, letters, inField }) {
  const plain = !press.altKey && !press.ctrlKey && !press.metaKey;
  if (plain && press.key === "?") return inField ? null : "help";
  const commandK = press.code === "KeyK" && !press.altKey && !press.shiftKey && (mac ? press.metaKey !== press.ctrlKey : press.ctrlKey && !press.metaKey);
  if (commandK) return "search";
  // AltGr is reported as Ctrl+Alt on Windows and types characters: only macOS has the pair.
  const held = press.altKey && !press.shiftKey && !press.metaKey && (mac ? press.ctrlKey : !press.ctrlKey);
  if (!held) return null;
  const action = ALT[press.code] ?? null;
  return action && press.code.startsWith("Key") && !letters ? null : action;
}

/**
 * The keys to print for an action, in the words of the platform.
 * @param {Action} action
 * @param {boolean} mac
 * @returns {string[]}
 */
export function keysOf(action, mac) {
  if (action === "help") return ["?"];
  if (action === "close") return ["Esc"];
  if (action === "search") return [mac ? "⌘" : "Ctrl", "K"];
  const code = Object.keys(ALT).find((name) => ALT[name] === action) ?? "";
  const key = code === "ArrowDown" ? "↓" : code === "ArrowUp" ? "↑" : code.slice(3);
  return mac ? ["Ctrl", "Option", key] : ["Alt", key];
}
