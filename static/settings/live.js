// @ts-check
// Parts of a page that follow the deliveries: the server says that something moved, the page asks for itself anew and takes over those parts.
// Nothing is asked for while the page is hidden.

/** Between two looks, however fast deliveries move. */
const BETWEEN_LOOKS_MS = 1_500;
/** A look without being told: what is said as a span of time grows old. */
const QUIET_MS = 30_000;

/** @param {Document} page */
export function followsDeliveries(page) {
  const from = /** @type {HTMLElement | null} */ (page.querySelector("[data-live-from]"))?.dataset.liveFrom;
  if (!from || !page.querySelector("[data-live]")) return;
  /** @type {EventSource | null} */
  let stream = null;
  let looking = false;
  let wanted = false;

  const look = async () => {
    if (looking) {
      wanted = true;
      return;
    }
    looking = true;
    wanted = false;
    try {
      const response = await fetch(from, { headers: { accept: "text/html" } });
      if (response.ok && !response.redirected) takeOver(page, new DOMParser().parseFromString(await response.text(), "text/html"));
    } catch {
      // The next move asks again.
    }
    setTimeout(() => {
      looking = false;
      if (wanted && !page.hidden) void look();
    }, BETWEEN_LOOKS_MS);
  };
  const follow = () => {
    if (page.hidden) {
      stream?.close();
      stream = null;
    } else if (!stream) {
      stream = new EventSource("/settings/webhooks/stream");
      stream.addEventListener("moved", () => void look());
      // Refused, not only lost: the next quiet look tries again.
      stream.addEventListener("error", () => { if (stream?.readyState === EventSource.CLOSED) stream = null; });
    }
  };
  page.addEventListener("visibilitychange", () => {
    follow();
    if (!page.hidden) void look();
  });
  setInterval(() => {
    follow();
    if (!page.hidden) void look();
  }, QUIET_MS);
  follow();
}

/** Takes the live parts of a page that came anew; one that somebody is in stays. @param {Document} page @param {Document} fresh */
export function takeOver(page, fresh) {
  for (const part of page.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (now && !part.contains(page.activeElement) && !part.isEqualNode(now)) part.replaceChildren(...now.childNodes);
  }
}
