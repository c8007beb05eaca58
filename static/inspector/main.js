// @ts-check
// The inspector's page: listens, asks for what is new, and shows it. The stream says only that something moved.

import { copyOn } from "inspector/copy";
import { Seen } from "inspector/model";
import { nameOf, rowOf, setOpen } from "inspector/rows";
import { jsonOf, setText } from "lib/dom";
import { formatNumber, t } from "lib/i18n";

/** @typedef {import("inspector/model").Post} Post */

/** How long a list under the pointer waits for it to leave, lest a row move away under a click. */
const UNDER_POINTER_MS = 2_000;
/** How long a stream that the server refused is left alone; others come back by themselves. */
const REFUSED_MS = 5_000;

const { path } = jsonOf("config");
const seen = new Seen();
/** @type {Map<Post, HTMLElement>} */
const rows = new Map();
/** The one that is open. @type {Post | null} */
let open = null;
/** Whether a person has opened or closed one: then none opens by itself any more. */
let chosen = false;
/** Answers are taken in the order of their questions. */
let asked = Promise.resolve();

/** @param {string} id @returns {any} */
const part = (id) => document.getElementById(id);

/** @param {string} below @param {RequestInit} [options] @returns {Promise<any>} */
async function ask(below, options) {
  const response = await fetch(path + below, { headers: { accept: "application/json", "content-type": "application/json" }, ...options });
  // Signed out meanwhile: the page itself knows the way to the sign-in.
  if (response.redirected || response.status === 401 || response.status === 404) location.reload();
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

/** One question after the other; one that fails shows, and the next stream asks again. @param {() => Promise<void>} question */
function inTurn(question) {
  asked = asked.then(question).catch(() => showLive(false));
}

/** Settles when nobody is about to click into the list. */
const stillness = () => new Promise((resolve) => {
  const list = part("posts");
  if (!list.matches(":hover") || !matchMedia("(hover: hover)").matches) return resolve(undefined);
  list.addEventListener("pointerleave", resolve, { once: true });
  setTimeout(resolve, UNDER_POINTER_MS);
});

function draw() {
  const kept = new Set(seen.posts);
  for (const [post, row] of rows) if (!kept.has(post)) { row.remove(); rows.delete(post); }
  if (open && !kept.has(open)) open = null;
  let before = null;
  for (const post of [...seen.posts].reverse()) {
    let row = rows.get(post);
    if (!row) {
      row = rowOf(post, () => toggle(post));
      rows.set(post, row);
      part("posts").insertBefore(row, before ?? part("posts").firstChild);
    }
    before = row;
  }
  if (!open && !chosen && seen.posts.length > 0) show(seen.posts[0]);
  setText(part("count"), formatNumber(seen.posts.length));
  part("empty").hidden = seen.posts.length > 0;
  part("posts").hidden = seen.posts.length === 0;
  part("clear").disabled = seen.posts.length === 0;
  for (const choice of part("manner").querySelectorAll("input")) choice.checked = choice.value === seen.manner;
  const notice = part("manner-notice");
  notice.hidden = seen.manner === "well";
  if (!notice.hidden) setText(notice.lastElementChild, t(`inspector.notice.${seen.manner}`));
}

/** Closes the one that is open and opens this one. @param {Post | null} post */
function show(post) {
  const last = open && rows.get(open);
  if (open && last) setOpen(last, open, false);
  open = post;
  const row = post && rows.get(post);
  if (post && row) setOpen(row, post, true);
}

/** @param {Post} post */
function toggle(post) {
  chosen = true;
  show(open === post ? null : post);
}

/** @param {boolean} live */
function showLive(live) {
  part("live").firstElementChild.className = live ? "dot" : "dot is-away";
  setText(part("live").lastElementChild, t(live ? "inspector.live" : "inspector.lost"));
}

function listen() {
  const stream = new EventSource(`${path}/stream`);
  stream.addEventListener("open", () => inTurn(async () => {
    seen.replace(await ask("/posts"));
    draw();
    showLive(true);
  }));
  stream.addEventListener("moved", () => inTurn(async () => {
    await stillness();
    const fresh = seen.add(await ask(`/posts?after=${seen.latest}`));
    draw();
    if (fresh.length > 0) setText(part("news"), t("inspector.news", { n: fresh.length, name: nameOf(fresh[0]) }));
  }));
  stream.addEventListener("error", () => {
    showLive(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, REFUSED_MS);
  });
}

part("manner").addEventListener("change", (/** @type {Event} */ event) => inTurn(async () => {
  const { value } = /** @type {HTMLInputElement} */ (event.target);
  seen.manner = (await ask("/mode", { method: "POST", body: JSON.stringify({ manner: value }) })).manner;
  draw();
}));
part("clear").addEventListener("click", () => inTurn(async () => {
  seen.replace(await ask("/posts", { method: "DELETE" }));
  chosen = false;
  draw();
  setText(part("news"), t("inspector.cleared"));
  part("main").focus();
}));
copyOn(part("copy-address"), () => part("address").textContent);
listen();
