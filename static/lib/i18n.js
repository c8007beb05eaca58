// @ts-check
// Texts and formats of the page's language, from the JSON that the server put into it.

import { createFormats } from "lib/formats";

/** @typedef {{locale: string, texts: Record<string, string>}} Bundle */

/** @param {Bundle} bundle @param {string} [timezone] IANA name; none: the browser's */
export function createTexts({ locale, texts }, timezone) {
  const plural = new Intl.PluralRules(locale);
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const formats = createFormats(locale, timezone);

  return {
    ...formats,
    locale,

    /**
     * The text of `key`, its `{name}` filled in. With an `n`, `key_one` or `key_other` is taken where it exists.
     * @param {string} key @param {Record<string, string | number>} [args] @returns {string}
     */
    t(key, args = {}) {
      const chosen = "n" in args ? `${key}_${plural.select(Number(args.n)) === "one" ? "one" : "other"}` : key;
      const text = texts[chosen] ?? texts[key] ?? key;
      return text.replace(/\{(\w+)\}/g, (whole, name) => (name in args ? (typeof args[name] === "number" ? formats.formatNumber(args[name]) : args[name]) : whole));
    },

    /** Whether the bundle has the text. @param {string} key */
    has: (key) => key in texts,

    /** 3 minutes ago. @param {string | number | Date} at @param {number} [now] */
    formatRelative(at, now = Date.now()) {
      const seconds = (new Date(at).getTime() - now) / 1000;
      const [size, name] = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([limit]) => Math.abs(seconds) >= Number(limit)) ?? [1, "second"];
      return relative.format(Math.trunc(seconds / Number(size)), /** @type {any} */ (name));
    },
  };
}

/** @returns {Bundle} */
const ofPage = () => JSON.parse(globalThis.document?.getElementById("texts")?.textContent || '{"locale":"en","texts":{}}');

export const { locale, t, has, formatTime, formatDay, formatDateTime, formatDuration, formatSpan, formatRelative, formatNumber } = createTexts(ofPage());
