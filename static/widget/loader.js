// The only script on a foreign page: draws the launcher and opens the frame on a click. It changes nothing else there, keeps
// nothing before the visitor acts, and its failures stay here. Elements are never made from markup: some pages forbid it.
(() => {
  if (window.Papo) return;
  const page = document;
  const complain = (text) => console.error("Papo: " + text);
  const script = page.currentScript || page.querySelector('script[data-site][src*="/widget.js"]');
  const key = script && script.dataset.site;
  if (!key) return complain("the script tag lacks data-site");
  const { origin } = new URL(script.src);
  const flag = "papo:" + key;
  const CSS =
    ":host{all:initial;color-scheme:light dark}*{box-sizing:border-box}[hidden]{display:none!important}" +
    ".b,.p,iframe{position:fixed;z-index:2147483000;bottom:20px;right:20px;box-shadow:0 2px 4px #0002,0 18px 40px -10px #0007;animation:u .2s}" +
    ".left{right:auto!important;left:20px}" +
    "button{border:0;background:none;color:inherit;cursor:pointer;font:650 15px/1.4 system-ui,sans-serif}" +
    ":focus-visible{outline:2px solid #0b6fa8;outline-offset:2px}" +
    ".b{display:flex;align-items:center;gap:8px;height:56px;min-width:56px;padding:0 15px;border-radius:28px 28px 2px;background:var(--c);color:var(--o)}[aria-busy=true]{cursor:progress;opacity:.8}" +
    "svg{width:26px}" +
    ".n{position:absolute;top:-4px;right:-4px;min-width:24px;padding:2px 6px;border-radius:12px;background:#c23c14;color:#fff;font-size:13px}" +
    ".p{bottom:90px;max-width:min(272px,calc(100% - 40px));border:1px solid #8886;border-radius:10px 10px 2px;background:Canvas;color:CanvasText}" +
    ".t{padding:12px 36px 12px 14px;font-weight:400;font-size:14px;text-align:start;overflow-wrap:anywhere}b{display:block}" +
    ".x{position:absolute;right:2px;top:2px;width:28px;height:28px;padding:0;font-size:20px}" +
    "iframe{width:380px;height:min(600px,100% - 40px);border:1px solid #8886;border-radius:10px 10px 2px;background:Canvas}" +
    "@keyframes u{from{opacity:0;translate:0 6px}}" +
    "@media(prefers-reduced-motion:reduce){*{animation:none!important}}" +
    "@media(max-width:480px){iframe{inset:0!important;width:100%;height:100%;border:0;border-radius:0}}";
  let look, root, button, badge, peek, peekText, frame, loaded, alive, lock, last, dismissed;
  let opened = false;

  const make = (tag, attrs, parent, space) => {
    const node = page.createElementNS(space || "http://www.w3.org/1999/xhtml", tag);
    for (const name in attrs) node.setAttribute(name, attrs[name]);
    if (parent) parent.append(node);
    return node;
  };

  /** What the browser may refuse must not break the page. */
  const attempt = (act) => {
    try {
      return act();
    } catch {}
  };

  const draw = () => {
    const host = make("papo-chat", {}, page.body);
    const svg = "http://www.w3.org/2000/svg";
    root = host.attachShadow({ mode: "open" });
    // A constructed sheet is no inline style: the page's policy need not allow it.
    if (!attempt(() => (root.adoptedStyleSheets = [new CSSStyleSheet()])[0].replaceSync(CSS) || 1)) make("style", {}, root).append(CSS);
    host.style.setProperty("--c", look.color);
    host.style.setProperty("--o", look.on_color);
    peek = make("div", { class: "p " + look.position }, make("div", { role: "status" }, root));
    peekText = make("button", { class: "t" }, peek);
    const dismiss = make("button", { class: "x", "aria-label": look.texts.dismiss }, peek);
    dismiss.append("×");
    dismiss.onclick = () => {
      dismissed = last;
      peek.hidden = true;
      button.focus();
    };
    button = make("button", { class: "b " + look.position, "aria-expanded": false }, root);
    const mark = make("svg", { viewBox: "0 0 28 28" }, button, svg);
    make("path", { fill: "currentColor", d: "M4 3h11.5a9.5 9.5 0 0 1 0 19H11L4 28z" }, mark, svg);
    make("path", { fill: "#e0562b", d: "M14.5 8.5a4 4 0 0 1 0 8 4 4 0 0 1 0-8" }, mark, svg);
    button.append(look.label);
    badge = make("span", { class: "n" }, button);
    button.onclick = peekText.onclick = () => show(true);
    count(0);
    if (attempt(() => localStorage[flag])) load();
  };

  const count = (n, message) => {
    badge.hidden = !n;
    badge.textContent = n;
    const { label, texts } = look;
    button.setAttribute("aria-label", label + " " + texts[n > 1 ? "unread_other" : n ? "unread_one" : "open"].replace("{n}", n));
    const text = message ? message.text : "";
    peek.hidden = opened || !text || text === dismissed;
    if (text !== last) {
      peekText.textContent = last = text;
      const from = make("b");
      from.append(message ? message.from : "");
      peekText.prepend(from);
    }
  };

  const load = () => {
    if (frame) return;
    frame = make("iframe", { title: look.texts.title, allow: "geolocation;clipboard-write", class: look.position, src: origin + look.frame });
    frame.hidden = true;
    frame.onload = () => {
      loaded = true;
      tell();
    };
    root.append(frame);
  };

  const tell = (moved) =>
    loaded && frame.contentWindow.postMessage({ papo: "page", open: opened && alive, moved, page: { url: location.href, title: page.title, referrer: page.referrer } }, origin);

  const show = (on) => {
    if (on === opened) return;
    opened = on;
    load();
    reveal();
  };

  /** The window shows once it has spoken: a server that is down must not cover the page with its error. */
  const reveal = () => {
    const on = opened && alive;
    frame.hidden = !on;
    button.hidden = on;
    button.setAttribute("aria-expanded", on);
    button.setAttribute("aria-busy", opened);
    if (on) peek.hidden = true;
    // On a phone the window covers the page, which must not scroll below it.
    const { style } = page.documentElement;
    if (on && matchMedia("(max-width:480px)").matches) {
      lock = style.overflow;
      style.overflow = "hidden";
    } else if (lock != null) {
      style.overflow = lock;
      lock = null;
    }
    tell();
    (on ? frame : button).focus();
  };

  addEventListener("message", ({ source, origin: from, data }) => {
    if (!frame || source !== frame.contentWindow || from !== origin || !data) return;
    if (!alive) {
      alive = true;
      if (opened) reveal();
    }
    if (data.papo === "close") show(false);
    if (data.papo === "unread") {
      count(data.n, data.peek);
      attempt(() => (data.begun ? (localStorage[flag] = 1) : localStorage.removeItem(flag)));
    }
  });
  (window.navigation || window).addEventListener(window.navigation ? "navigatesuccess" : "popstate", () => tell(true));

  /** Papo("open") and Papo("close"). */
  window.Papo = (what) => look && /^(open|close)$/.test(what) && show(what === "open");
  Papo._look = (given) => {
    const here = location.origin;
    // https://*.shop.example stands for every host below.
    const matches = (pattern) => {
      const [start, end] = pattern.split("*");
      return end == null ? pattern === here : here.startsWith(start) && here.endsWith(end);
    };
    if (given.error) return complain(given.error.message);
    if (!given.origins.some(matches)) return complain(here + " is not an allowed domain of this site: see Settings, Sites");
    if (look) return;
    look = given;
    page.body ? draw() : addEventListener("DOMContentLoaded", draw);
  };
  const ask = make("script", { src: `${origin}/widget/${encodeURIComponent(key)}/look.js` });
  ask.onerror = () => complain("could not load " + ask.src);
  page.head.append(ask);
})();
