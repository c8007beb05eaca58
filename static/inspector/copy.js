// @ts-check
// A button that copies a text and says so on itself.

import { t } from "lib/i18n";

const SHOWN_MS = 2000;

/** @param {HTMLElement} button with the words in a <span> @param {() => string} text */
export function copyOn(button, text) {
  const words = /** @type {HTMLElement} */ (button.querySelector("span"));
  const before = words.textContent;
  words.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      words.textContent = t("inspector.copied");
    } catch {
      words.textContent = t("inspector.copy_failed");
    }
    setTimeout(() => { words.textContent = before; }, SHOWN_MS);
  });
}
