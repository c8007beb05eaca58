// @ts-check
// Finds web addresses in a text, in one pass. What is shown always contains the whole host that is opened.

/** @typedef {{text: string, href?: string}} Part */

const ADDRESS = /(?:https?:\/\/|www\.)[^\s<>"“”]+/gi;
const TRAIL = new Set([..."....,;:!?'’*_~"]);

/** @param {string} text @returns {Part[]} the parts joined give the text back, but for a host in another script, which is added in ASCII */
export function linkify(text) {
  /** @type {Part[]} */
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const before = text[match.index - 1];
    if (before && /[\p{L}\p{N}@]/u.test(before)) continue;
    const shown = trim(match[0]);
    const url = parse(shown);
    if (!url) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    from = match.index + shown.length;
    const plain = shown.toLowerCase().includes(url.host);
    parts.push({ text: plain ? shown : `${shown} (${url.host})`, href: url.href });
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** Punctuation at the end belongs to the sentence, and so does a bracket that was not opened inside. @param {string} found */
function trim(found) {
  let open = 0;
  for (const letter of found) open += letter === "(" ? 1 : letter === ")" ? -1 : 0;
  let end = found.length;
  for (; end > 0; end -= 1) {
    const letter = found[end - 1];
    if (letter === ")" && open < 0) open += 1;
    else if (!TRAIL.has(letter)) break;
  }
  return found.slice(0, end);
}

/** @param {string} shown @returns {URL | null} */
function parse(shown) {
  try {
    const url = new URL(/^www\./i.test(shown) ? "https://" + shown : shown);
    // A name before the host poses as another host: https://bank.example@evil.example
    return /^https?:$/.test(url.protocol) && url.host.includes(".") && !url.username && !url.password ? url : null;
  } catch {
    return null;
  }
}
