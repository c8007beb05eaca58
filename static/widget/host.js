// @ts-check
// The bridge to the page around the frame. Both ends check the other's origin; no token ever crosses it.

/** `https://*.shop.example` stands for every host below. @param {string} pattern @param {string} origin */
export function allows(pattern, origin) {
  const [start, end] = pattern.split("*");
  return end === undefined ? pattern === origin : origin.startsWith(start) && origin.endsWith(end);
}

/**
 * @param {string[]} origins of the site's pages
 * @param {(message: any) => void} onMessage `{papo: "page", page, open}` at the start, when the page changes, and when the window opens or closes
 * @returns {(papo: string, more?: object) => void} tells the page; nothing before it has spoken
 */
export function bridge(origins, onMessage) {
  /** @type {string | null} */
  let host = null;
  addEventListener("message", (event) => {
    if (event.source !== parent || parent === window || !origins.some((pattern) => allows(pattern, event.origin))) return;
    if (event.data?.papo !== "page") return;
    host = event.origin;
    onMessage(event.data);
  });
  return (papo, more) => {
    if (host) parent.postMessage({ papo, ...more }, host);
  };
}
