// @ts-check
// Times, spans and numbers as a language writes them.

/** @param {string} locale @param {string} [timezone] IANA name; none: the browser's */
export function createFormats(locale, timezone) {
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
  const unit = (/** @type {number} */ value, /** @type {string} */ name) => number(Math.round(value), { style: "unit", unit: name, unitDisplay: "short" });
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const dayKey = (/** @type {Date} */ at) => new Intl.DateTimeFormat("sv-SE", { timeZone: timezone }).format(at);

  return {
    /** 14:07, in every language @param {string | number | Date} at */
    formatTime: (at) => date(clock).format(new Date(at)),

    /** Today, yesterday, or the date. @param {string | number | Date} at @param {Date} [now] */
    formatDay(at, now = new Date()) {
      const then = new Date(at);
      const [day, today] = [dayKey(then), dayKey(now)];
      const days = Math.round((Date.parse(day) - Date.parse(today)) / 86_400_000);
      const text = days === 0 || days === -1
        ? format(Intl.RelativeTimeFormat, { numeric: "auto" }).format(days, "day")
        : date({ weekday: "long", day: "numeric", month: "long", year: day.slice(0, 4) === today.slice(0, 4) ? undefined : "numeric" }).format(then);
      return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
    },

    /** Date and time in numbers. @param {string | number | Date} at */
    formatDateTime: (at) => date({ day: "2-digit", month: "2-digit", year: "numeric", ...clock }).format(new Date(at)),

    /** m:ss, or h:mm:ss from an hour on. @param {number} seconds */
    formatDuration(seconds) {
      const whole = Math.max(0, Math.floor(seconds));
      const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
      const minutes = Math.floor(whole / 60);
      const hours = Math.floor(minutes / 60);
      return (hours ? `${hours}:${two(minutes % 60)}` : minutes) + ":" + two(whole % 60);
    },

    /** 45 s, 4 min, 2 h: rounded, for a sentence. @param {number} seconds */
    formatSpan: (seconds) => (seconds < 60 ? unit(seconds, "second") : seconds < 5400 ? unit(seconds / 60, "minute") : unit(seconds / 3600, "hour")),

    formatNumber: number,
  };
}
