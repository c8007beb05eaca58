// @ts-check
// The colour picker beside the written colour, and the sample that follows both.

import { brandOf } from "settings/contrast";

/** @param {Document} page */
export function colourSample(page) {
  const picker = /** @type {HTMLInputElement | null} */ (page.querySelector("[data-picks]"));
  const written = /** @type {HTMLInputElement | null} */ (page.getElementById(picker?.dataset.picks ?? ""));
  if (!picker || !written) return;
  const show = () => {
    const brand = brandOf(written.value);
    if (!brand) return;
    page.querySelector("[data-sample='background']")?.setAttribute("fill", brand.background);
    page.querySelector("[data-sample='text']")?.setAttribute("fill", brand.text);
  };
  picker.hidden = false;
  picker.addEventListener("input", () => { written.value = picker.value; show(); });
  written.addEventListener("input", () => {
    if (brandOf(written.value)) picker.value = written.value.trim().toLowerCase();
    show();
  });
}
