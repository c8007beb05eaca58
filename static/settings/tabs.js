// @ts-check
// Makes tabs of links to sections of a page. Without scripts every section stands open, and the links jump to it.

/** @param {ParentNode} page */
export function tabRows(page) {
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-tabs]"))) makeTabs(row);
}

/**
 * Which tab a key moves to from `at`; null where it moves nowhere.
 * @param {string} key @param {number} at @param {number} count @returns {number | null}
 */
export function movedBy(key, at, count) {
  switch (key) {
    case "ArrowRight": return (at + 1) % count;
    case "ArrowLeft": return (at + count - 1) % count;
    case "Home": return 0;
    case "End": return count - 1;
    default: return null;
  }
}

/** @param {HTMLElement} row */
function makeTabs(row) {
  const tabs = /** @type {HTMLAnchorElement[]} */ ([...row.querySelectorAll("a")]);
  const panels = tabs.map((tab) => document.getElementById(tab.hash.slice(1)));
  row.setAttribute("role", "tablist");
  row.parentElement?.classList.add("is-tabbed");
  /** @param {number} chosen */
  const show = (chosen) => tabs.forEach((tab, at) => {
    tab.setAttribute("aria-selected", String(at === chosen));
    tab.tabIndex = at === chosen ? 0 : -1;
    panels[at]?.toggleAttribute("hidden", at !== chosen);
  });
  tabs.forEach((tab, at) => {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", tab.hash.slice(1));
    panels[at]?.setAttribute("role", "tabpanel");
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      show(at);
    });
    tab.addEventListener("keydown", (event) => {
      const next = event.key === " " ? at : movedBy(event.key, at, tabs.length);
      if (next === null || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      show(next);
      tabs[next]?.focus();
    });
  });
  show(Math.max(0, tabs.findIndex((tab) => tab.hash === location.hash)));
}
