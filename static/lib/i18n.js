// @ts-check
// Texts and formats of the page's language, from the JSON that the server put into it.

/** @typedef {{locale: string, texts: Record<string, string>}} Bundle */

/** @param {Bundle} bundle @param {string} [timezone] IANA name; none: the browser's */
export function createTexts({ locale, texts }, timezone) {
  const plural = new Intl.PluralRules(locale);
  /** @type {Map<string, any>} */
  const formats = new Map();
  /** @param {any} Kind @param {object} options */
  const format = (Kind, options) => {
    const key = Kind.name + JSON.stringify(options);
    if (!formats.has(key)) formats.set(key, new Kind(locale, options));
    return formats.get(key);
  };
  const date = (/** @type {object} */ options) => format(Intl.DateTimeFormat, { timeZone: timezone, ...options });
  const number = (/** @type {number} */ value, /** @type {object} */ options = {}) => format(Intl.NumberFormat, options).format(value);
  const unit = (/** @type {number} */ value, /** @type {string} */ name) => number(value, { style: "unit", unit: name, unitDisplay: "short" });
  const dayKey = (/** @type {Date} */ at) => new Intl.DateTimeFormat("sv-SE", { timeZone: timezone }).format(at);
  const relative = () => format(Intl.RelativeTimeFormat, { numeric: "auto" });

  return {
    locale,

    /**
     * The text of `key`, its `{name}` filled in. With an `n`, `key_one` or `key_other` is taken where it exists.
     * @param {string} key @param {Record<string, string | number>} [args] @returns {string}
     */
    t(key, args = {}) {
      const chosen = "n" in args ? `${key}_${plural.select(Number(args.n)) === "one" ? "one" : "other"}` : key;
      const text = texts[chosen] ?? texts[key] ?? key;
      return text.replace(/\{(\w+)\}/g, (whole, name) => (name in args ? (typeof args[name] === "number" ? number(args[name]) : args[name]) : whole));
    },

    /** Whether the bundle has the text. @param {string} key */
    has: (key) => key in texts,

    /** 14:07, in every language @param {string | number | Date} at */
    formatTime: (at) => date({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at)),

    /** Today, yesterday, or the date. @param {string | number | Date} at @param {Date} [now] */
    formatDay(at, now = new Date()) {
      const then = new Date(at);
      const days = Math.round((Date.parse(dayKey(then)) - Date.parse(dayKey(now))) / 86_400_000);
      const text = days === 0 || days === -1
        ? relative().format(days, "day")
        : date({ weekday: "long", day: "numeric", month: "long", year: dayKey(then).slice(0, 4) === dayKey(now).slice(0, 4) ? undefined : "numeric" }).format(then);
      return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
    },

    /** Date and time in numbers. @param {string | number | Date} at */
    formatDateTime: (at) => date({ day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at)),

    /** m:ss, or h:mm:ss from an hour on. @param {number} seconds */
    formatDuration(seconds) {
      const whole = Math.max(0, Math.floor(seconds));
      const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
      const minutes = Math.floor(whole / 60);
      return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
    },

    /** 45 s, 4 min, 2 h: rounded, for a sentence. @param {number} seconds */
    formatSpan: (seconds) => (seconds < 60 ? unit(Math.round(seconds), "second") : seconds < 5400 ? unit(Math.round(seconds / 60), "minute") : unit(Math.round(seconds / 3600), "hour")),

    /** 3 minutes ago. @param {string | number | Date} at @param {number} [now] */
    formatRelative(at, now = Date.now()) {
      const seconds = (new Date(at).getTime() - now) / 1000;
      const [size, name] = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([limit]) => Math.abs(seconds) >= Number(limit)) ?? [1, "second"];
      return relative().format(Math.trunc(seconds / Number(size)), /** @type {any} */ (name));
    },

    formatNumber: number,
  };
}

/** @returns {Bundle} */
const ofPage = () => JSON.parse(globalThis.document?.getElementById("texts")?.textContent || '{"locale":"en","texts":{}}');

export const { locale, t, has, formatTime, formatDay, formatDateTime, formatDuration, formatSpan, formatRelative, formatNumber } = createTexts(ofPage());
