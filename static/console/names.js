// @ts-check
/**
 * What to call people on screen. A visitor without a name is told from the others by the end of the protocol.
 */
import { icon } from "lib/dom";
import { t } from "lib/i18n";

const NUMBER_DIGITS = 4;

/** @param {{visitor: {name: string | null}, protocol: string}} chat */
export function visitorName(chat) {
  return chat.visitor.name?.trim() || t("console.visitor.unnamed", { number: chat.protocol.slice(-NUMBER_DIGITS) });
}

/** The name to say to or of somebody in a sentence. @param {{visitor: {name: string | null}, protocol: string}} chat */
export function firstName(chat) {
  const name = chat.visitor.name?.trim();
  return name ? (name.split(/\s+/)[0] ?? name) : visitorName(chat);
}

/** First letters of the first and the last name. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter((word) => /\p{L}/u.test(word));
  const first = words[0] ?? "";
  const last = words.length > 1 ? (words[words.length - 1] ?? "") : "";
  return ([...first][0] ?? "").toLocaleUpperCase() + ([...last][0] ?? "").toLocaleUpperCase();
}

/** What stands in a visitor's avatar: initials, or a figure for who gave no name. @param {string | null | undefined} name */
export function face(name) {
  const letters = initials(name ?? "");
  return letters || icon("user", "icon icon-s");
}
