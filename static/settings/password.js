// @ts-check
// A button that shows the password, and a meter under a new one.

import { el, icon } from "lib/dom";
import { t } from "lib/i18n";
import { strengthOf } from "settings/strength";

const WORDS = ["short", "fair", "fair", "good", "strong"];

/** @param {ParentNode} page */
export function passwordFields(page) {
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (page.querySelectorAll("input[type='password']"))) {
    addReveal(input);
    if (input.autocomplete === "new-password") addMeter(input);
  }
}

/** @param {HTMLInputElement} input */
function addReveal(input) {
  const button = el("button", { type: "button", class: "btn btn-icon", "aria-label": t("form.password_show"), "aria-pressed": "false" }, icon("eye"));
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.setAttribute("aria-label", t(shown ? "form.password_hide" : "form.password_show"));
  });
  input.form?.addEventListener("submit", () => { input.type = "password"; });
  const box = el("div", { class: "password" });
  input.replaceWith(box);
  box.append(input, button);
}

/** @param {HTMLInputElement} input */
function addMeter(input) {
  const meter = el("div", { class: "meter", "aria-hidden": "true" }, el("i", null), el("i", null), el("i", null), el("i", null));
  const hint = document.getElementById(`${input.id}-hint`);
  const before = hint?.textContent ?? "";
  input.closest(".password")?.after(meter);
  input.addEventListener("input", () => {
    const strength = strengthOf(input.value);
    const bars = input.value ? Math.max(1, strength) : 0;
    meter.classList.toggle("is-short", strength === 0);
    [...meter.children].forEach((bar, index) => bar.classList.toggle("on", index < bars));
    if (hint) hint.textContent = input.value ? `${t(`form.password_${WORDS[strength]}`)}. ${before}` : before;
  });
}
