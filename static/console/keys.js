// @ts-check
/**
 * The shortcuts at work, and the page that lists them.
 */
import { el, fill } from "lib/dom";
import { t } from "lib/i18n";
import { byId } from "console/page";
import { actionOf, keysOf } from "console/shortcuts";

/** @typedef {import("console/shortcuts").Action} Action */

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** @type {Array<[string, Action[]]>} */
const GROUPS = [
  ["console.keys.group.move", ["next", "previous", "search", "write"]],
  ["console.keys.group.serve", ["accept", "transfer", "tags", "finish"]],
  ["console.keys.group.write", ["note"]],
  ["console.keys.group.general", ["availability", "visitor", "help", "close"]],
];

/**
 * @param {Record<Action, () => boolean | void>} does `close` answers false when nothing was open: the key goes on
 * @param {() => boolean} letters whether the agent wants shortcuts with letters
 */
export function mountKeys(does, letters) {
  drawHelp();
  addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const inField = target instanceof Element && Boolean(target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));
    const action = actionOf(event, { mac: MAC, letters: letters(), inField });
    if (!action) return;
    // In a dialog only its own keys act; Escape is the dialog's own too.
    if (document.querySelector("dialog[open]")) return;
    if (does[action]() !== false) event.preventDefault();
  });
}

export function showKeys() {
  const dialog = byId("keys");
  if (!dialog.open) dialog.showModal();
}

function drawHelp() {
  fill(byId("keys-grid"), GROUPS.map(([name, actions]) => el("section", null, el("h3", null, t(name)), el("dl", null,
    actions.map((action) => line(t(`console.keys.${action}`), keysOf(action, MAC))),
    name === "console.keys.group.write" && [line(t("console.keys.send"), ["Enter"]), line(t("console.keys.break"), ["Shift", "Enter"])]))));
}

/** @param {string} text @param {string[]} keys */
function line(text, keys) {
  return el("div", null, el("dt", null, text), el("dd", null, keys.flatMap((key, index) => [index > 0 && "+", el("kbd", { class: "kbd" }, key)])));
}
