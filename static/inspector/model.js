// @ts-check
// What the inspector holds, and how a body is read. Knows no page and no network.

/**
 * @typedef {{number: number, at: string, type: string, protocol: string | null, test: boolean, verified: boolean, status: number,
 *   headers: [string, string][], body: string}} Post
 * @typedef {{posts: Post[], oldest: number | null, manner: string}} Answer `posts` newest first
 * @typedef {{kind: "key" | "string" | "number" | "word" | "plain", text: string}} Token
 */

export const POSTS_MAX = 50;

export class Seen {
  /** Newest first. @type {Post[]} */
  posts = [];
  /** How the next ones are answered. */
  manner = "well";

  /** The number to ask from. */
  get latest() {
    return this.posts[0]?.number ?? 0;
  }

  /** Everything that the server has: after a pause it may have begun anew. What was here already stays the same object. @param {Answer} answer */
  replace({ posts, manner }) {
    const same = (/** @type {Post} */ post) => this.posts.find(({ number, at }) => number === post.number && at === post.at) ?? post;
    this.posts = posts.slice(0, POSTS_MAX).map(same);
    this.manner = manner;
  }

  /** What is new; the server says what it still keeps. @param {Answer} answer @returns {Post[]} those that weren't there */
  add({ posts, oldest, manner }) {
    const fresh = posts.filter((post) => post.number > this.latest);
    const kept = this.posts.filter((post) => oldest !== null && post.number >= oldest);
    this.posts = [...fresh, ...kept].slice(0, POSTS_MAX);
    this.manner = manner;
    return fresh;
  }
}

/** The number of the attempt, 1 where none is said. @param {Post} post */
export const attemptOf = ({ headers }) => Number(headers.find(([name]) => name === "webhook-attempt")?.[1]) || 1;

/** A body to be read by people; what is no JSON stays as it came. @param {string} body */
export function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

/** The parts of JSON text, for colours; joined they are the text again. @param {string} json @returns {Token[]} */
export function tokens(json) {
  /** @type {Token[]} */
  const found = [];
  let from = 0;
  for (const match of json.matchAll(TOKEN)) {
    if (match.index > from) found.push({ kind: "plain", text: json.slice(from, match.index) });
    const [whole, quoted, colon] = match;
    if (quoted && colon) found.push({ kind: "key", text: quoted }, { kind: "plain", text: colon });
    else found.push({ kind: quoted ? "string" : /^[-\d]/.test(whole) ? "number" : "word", text: whole });
    from = match.index + whole.length;
  }
  if (from < json.length) found.push({ kind: "plain", text: json.slice(from) });
  return found;
}
