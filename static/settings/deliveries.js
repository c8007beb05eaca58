// @ts-check
// Follows deliveries while they happen: a stream says that something moved, then the page is asked for again and what differs is taken over.
// Who reads further down keeps the place; a pill says how many are new.

import { setText } from "lib/dom";
import { t } from "lib/i18n";
import { copyButtons } from "settings/copy";
import { mayCome, news, steps } from "settings/log_model";

/** Between two looks: a busy house moves thousands of times a second. */
const PAUSE_MS = 1_000;
/** How long a stream that the server refused is left alone. */
const REFUSED_MS = 10_000;

const list = document.getElementById("log");
const fresh = document.getElementById("fresh");
const live = document.getElementById("live");
let wanted = false;
let busy = false;

/** @param {URL} address @returns {Promise<Document | null>} */
async function fetched(address) {
  const response = await fetch(address, { headers: { accept: "text/html" } });
  if (response.redirected || response.status === 401) { location.reload(); return null; }
  return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
}

/** @param {Element} parent */
const keyed = (parent) => new Map([...parent.children].filter((child) => child.id).map((child) => [child.id, child]));

/** Makes `ours` hold what `theirs` holds, touching only what differs. @param {Element} ours @param {Element} theirs @param {boolean} [grows] whether rows may come and go */
function take(ours, theirs, grows = true) {
  const mine = keyed(ours);
  const other = keyed(theirs);
  const plan = steps([...mine.keys()], [...other.keys()]);
  for (const key of plan.keep) update(/** @type {Element} */ (mine.get(key)), /** @type {Element} */ (other.get(key)));
  if (!grows) return;
  for (const key of plan.remove) mine.get(key)?.remove();
  for (const { key, before } of plan.insert) {
    const node = document.importNode(/** @type {Element} */ (other.get(key)), true);
    mine.set(key, node);
    ours.insertBefore(node, before ? mine.get(before) ?? null : null);
    copyButtons(node);
  }
}

/** @param {Element} ours @param {Element} theirs */
function update(ours, theirs) {
  const folds = [...ours.querySelectorAll("details")];
  theirs.querySelectorAll("details").forEach((fold, at) => { fold.open = folds[at]?.open ?? fold.open; });
  // Shown by script, so that they differ from what the server says.
  theirs.querySelectorAll("[data-copy]").forEach((button) => button.removeAttribute("hidden"));
  if (ours.isEqualNode(theirs) || ours.contains(document.activeElement)) return;
  const node = document.importNode(theirs, true);
  ours.replaceWith(node);
  copyButtons(node);
}

/** @param {Document} page */
function takeRegions(page) {
  for (const region of document.querySelectorAll("[data-live]")) {
    const other = page.getElementById(region.id);
    if (!other) continue;
    take(region, other);
    /** @type {HTMLElement} */ (region).hidden = other.hidden;
  }
}

const positions = (/** @type {Element | null} */ body) => [...(body?.children ?? [])].map((row) => Number(/** @type {HTMLElement} */ (row).dataset.position));

function reader() {
  const panel = document.getElementById("log-panel");
  const hovered = matchMedia("(hover: hover)").matches && Boolean(panel?.matches(":hover"));
  return { scrolled: scrollY, hovered, focused: Boolean(list?.contains(document.activeElement)), selected: !(getSelection()?.isCollapsed ?? true) };
}

/** @param {Document} page */
function takeRows(page) {
  const other = page.getElementById("log");
  if (!list || !other) return;
  take(list, other);
  for (const id of ["log-panel", "none"]) {
    const ours = document.getElementById(id);
    if (ours) ours.hidden = page.getElementById(id)?.hidden ?? false;
  }
  const pager = page.getElementById("pager");
  const own = document.getElementById("pager");
  if (pager && own && !own.contains(document.activeElement)) take(own, pager);
  if (fresh) fresh.hidden = true;
}

async function look() {
  const address = new URL(location.href);
  const page = await fetched(address);
  if (!page) return;
  takeRegions(page);
  const other = page.getElementById("log");
  if (!list || !other) return;
  if (!("newest" in list.dataset)) return take(list, other, false);
  const { fresh: n, more } = news(positions(list), positions(other));
  if (n === 0 || mayCome(reader())) return takeRows(page);
  if (fresh) {
    setText(/** @type {Element} */ (fresh.firstElementChild), t(more ? "deliveries.fresh_more" : "deliveries.fresh", { n }));
    fresh.hidden = false;
  }
  // The rows that the reader looks at go on changing, the ones that the newest page has no more room for too.
  address.searchParams.set("before", String(Math.max(...positions(list)) + 1));
  const same = (await fetched(address))?.getElementById("log");
  if (same) take(list, same, false);
}

async function run() {
  if (busy || document.hidden) return;
  busy = true;
  while (wanted && !document.hidden) {
    wanted = false;
    await look().catch(() => showLive(false));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  busy = false;
}

function moved() {
  wanted = true;
  void run();
}

/** @param {boolean} on */
function showLive(on) {
  if (!live) return;
  live.hidden = false;
  live.classList.toggle("is-away", !on);
  setText(/** @type {Element} */ (live.lastElementChild), t(on ? "deliveries.live" : "deliveries.away"));
}

function listen() {
  const stream = new EventSource("/settings/webhooks/deliveries/stream");
  stream.addEventListener("open", () => { showLive(true); moved(); });
  stream.addEventListener("moved", moved);
  stream.addEventListener("error", () => {
    showLive(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, REFUSED_MS);
  });
}

fresh?.firstElementChild?.addEventListener("click", async () => {
  scrollTo({ top: 0 });
  const page = await fetched(new URL(location.href));
  if (page) takeRows(page);
  list?.querySelector("a")?.focus();
});
document.addEventListener("visibilitychange", () => void run());
listen();
