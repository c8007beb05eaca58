// @ts-check
// Buttons that copy the text of a box.

import { t } from "lib/i18n";

const SHOWN_MS = 2000;

/** @param {ParentNode} page */
export function copyButtons(page) {
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (page.querySelectorAll("[data-copy]"))) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const box = document.getElementById(button.dataset.copy ?? "");
  const words = button.querySelector("span");
  if (!box || !words) return;
  const before = button.dataset.words ?? (button.dataset.words = words.textContent ?? "");
  words.setAttribute("role", "status");
  try {
    await navigator.clipboard.writeText(box.textContent ?? "");
    words.textContent = t("form.copied");
  } catch {
    select(box);
    words.textContent = t("form.copy_failed");
  }
  setTimeout(() => { words.textContent = before; }, SHOWN_MS);
}

/** @param {HTMLElement} box */
function select(box) {
  const range = document.createRange();
  range.selectNodeContents(box);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  box.focus();
}
