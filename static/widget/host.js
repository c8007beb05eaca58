// @ts-check
// The bridge to the page around the frame. Both ends check the other's origin; no token ever crosses it.

/** `shop.example`, `*.shop.example` for every host below it, with `:port` where it is not the scheme's own. @param {string} domain @param {string} origin */
export function allows(domain, origin) {
  const { host, protocol } = new URL(origin);
  return /^https?:$/.test(protocol) && (domain.startsWith("*.") ? host.endsWith(domain.slice(1)) : host === domain);
}

/**
 * @param {string[]} domains that may show the window
 * @param {(message: any) => void} onMessage `{papo: "page", page, open}` at the start, when the page changes, and when the window opens or closes
 * @returns {(papo: string, more?: object) => void} tells the page; nothing before it has spoken
 */
export function bridge(domains, onMessage) {
  /** @type {string | null} */
  let host = null;
  addEventListener("message", (event) => {
    if (event.source !== parent || parent === window || event.origin === "null" || !domains.some((domain) => allows(domain, event.origin))) return;
    if (event.data?.papo !== "page") return;
    host = event.origin;
    onMessage(event.data);
  });
  return (papo, more) => {
    if (host) parent.postMessage({ papo, ...more }, host);
  };
}
