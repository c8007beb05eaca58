// @ts-check
// What makes the settings, set-up and sign-in pages quicker to use. Every form works without it.

import { copyButtons } from "settings/copy";
import { colourSample } from "settings/color";
import { passwordFields } from "settings/password";
import { tabRows } from "settings/tabs";
import { preferOwnZone } from "settings/zone";

copyButtons(document);
tabRows(document);
passwordFields(document);
colourSample(document);
preferOwnZone(document);

const refused = /** @type {HTMLInputElement | null} */ (document.querySelector("[aria-invalid='true']"));
refused?.focus();
refused?.select?.();

// On a narrow screen the menu and the tabs scroll sideways: their current item should be in sight.
for (const here of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".subnav [aria-current], .page > .tabs [aria-current]"))) {
  const row = here.parentElement;
  row?.scrollTo({ left: here.offsetLeft - row.offsetLeft - 16 });
}
