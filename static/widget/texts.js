// @ts-check
// Texts and formats of the visitor's language. The script of each language has the texts themselves where the sources name them
// (build/script.rs), so every key stands whole in its module; one with `_one` and `_other` becomes `{one, other}`.

import { createFormats } from "lib/formats";

export const locale = globalThis.document?.documentElement.lang || "en";
export const { formatTime, formatDay, formatDateTime, formatDuration, formatSpan, formatNumber } = createFormats(locale);

/**
 * The text with its `{name}` filled in; of two forms the one for `n`.
 * @param {any} text @param {Record<string, any>} [args] @returns {string}
 */
export const t = (text = "", args = {}) =>
  (text.other ? text[new Intl.PluralRules(locale).select(args.n)] ?? text.other : text).replace(/\{(\w+)\}/g, (/** @type {string} */ whole, /** @type {string} */ name) => {
    const value = args[name] ?? whole;
    return typeof value === "number" ? formatNumber(value) : value;
  });
