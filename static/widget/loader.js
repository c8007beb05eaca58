// The only script on a foreign page: draws the launcher, opens the frame on a click. Changes nothing else, and any failure stays here.
(function () {
  "use strict";
  if (window.Papo) return;
  var script = document.currentScript || document.querySelector('script[data-site][src*="/widget.js"]');
  var key = script && script.getAttribute("data-site");
  var complain = function (text) {
    console.error("Papo: " + text);
  };
  if (!key) return complain('the script tag has no data-site="KEY".');
  var origin = new URL(script.src).origin;
  var flag = "papo:" + key;
  var CSS =
    ":host{all:initial}*{box-sizing:border-box}[hidden]{display:none!important}" +
    ".b,.p,iframe{position:fixed;z-index:2147483000;bottom:calc(20px + env(safe-area-inset-bottom));--s:0 2px 4px #0002,0 18px 40px -10px #0006}" +
    ".r{right:20px}.l{left:20px}" +
    "button{border:0;cursor:pointer;font:650 15px/1.2 system-ui,sans-serif;color:inherit}" +
    ":focus-visible{outline:3px solid #0b6fa8;outline-offset:2px;box-shadow:0 0 0 2px #fff}" +
    ".b{display:flex;align-items:center;gap:8px;height:56px;min-width:56px;padding:0 15px;border-radius:28px 28px 2px;background:var(--c);color:var(--o);box-shadow:0 0 0 1px #fff3,var(--s)}" +
    ".b.l{border-radius:28px 28px 28px 2px}svg{width:26px;height:26px}" +
    ".n{position:absolute;top:-4px;right:-4px;min-width:24px;padding:4px;border-radius:12px;background:#c23c14;color:#fff;font-size:13px;box-shadow:0 0 0 2px #fff}" +
    ".p{bottom:90px;max-width:min(272px,calc(100vw - 40px));border:1px solid #ddd7c9;border-radius:10px 10px 2px;background:#fff;color:#17211f;box-shadow:var(--s);animation:u .28s}" +
    ".t{display:block;padding:12px 36px 12px 14px;background:none;font-weight:400;font-size:14px;line-height:1.4;text-align:start;overflow-wrap:anywhere}b{display:block;font-size:13px}" +
    ".x{position:absolute;right:2px;top:2px;width:28px;height:28px;background:none;font-size:20px}" +
    "iframe{width:380px;height:min(600px,100vh - 40px);border:1px solid #8883;border-radius:10px 10px 2px;box-shadow:var(--s);background:#f5f2ea;animation:u .18s}" +
    "@keyframes u{from{opacity:0;translate:0 6px}}" +
    "@media(prefers-reduced-motion:reduce){*{animation:none!important}}" +
    "@media(prefers-color-scheme:dark){.p{background:#1a252b;color:#eceae2;border-color:#27343b}iframe{background:#0c1317}}" +
    "@media(max-width:480px){iframe{inset:0;width:100%;height:100%;height:100dvh;border:0;border-radius:0}}";
  var look, frame, button, badge, peek, peekText, root, lock, ready;
  var opened = false, unread = 0, dismissed = "";
  var small = matchMedia("(max-width:480px)");

  /** An element, never from markup: some pages forbid it. */
  function make(tag, attrs, parent) {
    var node = tag === "svg" || parent && parent.namespaceURI !== document.documentElement.namespaceURI ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (var name in attrs) node.setAttribute(name, attrs[name]);
    if (parent) parent.appendChild(node);
    return node;
  }

  function allowed(pattern) {
    var ends = pattern.split("*"), here = location.origin;
    return ends.length < 2 ? pattern === here : here.indexOf(ends[0]) === 0 && here.slice(-ends[1].length) === ends[1];
  }

  function remember(on) {
    try {
      if (on) localStorage.setItem(flag, "1");
      else localStorage.removeItem(flag);
    } catch (_) {}
  }

  function draw() {
    var host = make("papo-chat", {}, document.body), side = look.position === "left" ? "l" : "r", sheet;
    root = host.attachShadow({ mode: "open" });
    try {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
    } catch (_) {
      make("style", {}, root).textContent = CSS;
    }
    host.style.setProperty("--c", look.color);
    host.style.setProperty("--o", look.on_color);
    var live = make("div", { role: "status" }, root);
    peek = make("div", { class: "p " + side, hidden: "" }, live);
    peekText = make("button", { class: "t" }, peek);
    var dismiss = make("button", { class: "x", "aria-label": look.texts.dismiss }, peek);
    dismiss.textContent = "×";
    dismiss.onclick = function () {
      dismissed = peek.dataset.text;
      peek.hidden = true;
      button.focus();
    };
    button = make("button", { class: "b " + side, "aria-expanded": "false" }, root);
    var svg = make("svg", { viewBox: "0 0 28 28", "aria-hidden": "true" }, button);
    make("path", { fill: "currentColor", d: "M4 3h11.5a9.5 9.5 0 0 1 0 19H11L4 28z" }, svg);
    make("circle", { fill: "#e0562b", cx: 14.5, cy: 12.5, r: 4 }, svg);
    if (look.label) make("span", {}, button).textContent = look.label;
    badge = make("span", { class: "n", hidden: "", "aria-hidden": "true" }, button);
    button.onclick = peekText.onclick = function () {
      show(true);
    };
    count(0);
    try {
      if (localStorage.getItem(flag)) load();
    } catch (_) {}
  }

  function count(n, last) {
    unread = n;
    badge.hidden = !n;
    badge.textContent = n > 99 ? "99+" : n;
    var name = n ? look.texts[n === 1 ? "unread_one" : "unread_other"].replace("{n}", n) : look.label || look.texts.open;
    button.setAttribute("aria-label", name);
    peek.hidden = opened || !last || last.text === dismissed;
    if (last && peek.dataset.text !== last.text) {
      peek.dataset.text = last.text;
      peekText.textContent = "";
      make("b", {}, peekText).textContent = last.from;
      peekText.append(last.text);
    }
  }

  function load() {
    if (frame) return;
    frame = make("iframe", { title: look.texts.title, allow: "geolocation; clipboard-write", class: look.position === "left" ? "l" : "r" });
    frame.hidden = !opened;
    frame.onload = function () {
      ready = true;
      tell();
      if (opened) frame.focus();
    };
    frame.src = origin + look.frame;
    root.appendChild(frame);
  }

  function tell(moved) {
    if (ready) frame.contentWindow.postMessage({ papo: "page", open: opened, moved: moved === true, page: { url: location.href, title: document.title, referrer: document.referrer } }, origin);
  }

  function show(on) {
    if (on === opened) return;
    opened = on;
    load();
    frame.hidden = !on;
    button.hidden = on;
    button.setAttribute("aria-expanded", on);
    if (on) peek.hidden = true;
    var page = document.documentElement.style;
    if (on && small.matches) {
      lock = page.overflow;
      page.overflow = "hidden";
    } else if (lock !== undefined) {
      page.overflow = lock;
      lock = undefined;
    }
    tell();
    (on ? frame : button).focus();
  }

  addEventListener("message", function (event) {
    var said = event.data;
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin || !said) return;
    if (said.papo === "close") show(false);
    if (said.papo === "title") frame.title = said.title;
    if (said.papo === "unread") {
      count(said.n, said.peek);
      remember(said.begun);
    }
  });
  var moved = function () {
    setTimeout(tell, 0, true);
  };
  addEventListener("popstate", moved);
  if (window.navigation) navigation.addEventListener("navigatesuccess", moved);

  /** Papo("open") and Papo("close"). */
  window.Papo = function (what) {
    if (look && (what === "open" || what === "close")) show(what === "open");
  };
  Papo._look = function (given) {
    if (look) return;
    if (given.error) return complain(given.error.message);
    if (!given.origins.some(allowed)) return complain("the address " + location.origin + " is not among the allowed domains of this site. Add it in the settings, under Sites.");
    look = given;
    if (document.body) draw();
    else addEventListener("DOMContentLoaded", draw);
  };
  var ask = make("script", { async: "" });
  ask.onerror = function () {
    complain("could not load " + ask.src);
  };
  ask.src = origin + "/widget/" + encodeURIComponent(key) + "/look.js";
  document.head.appendChild(ask);
})();
