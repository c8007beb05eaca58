// @ts-check
// What makes the settings, set-up and sign-in pages quicker to use. Every form works without it.

import { copyButtons } from "settings/copy";
import { colourSample } from "settings/color";
import { passwordFields } from "settings/password";
import { preferOwnZone } from "settings/zone";

copyButtons(document);
passwordFields(document);
colourSample(document);
preferOwnZone(document);

/** @type {HTMLElement | null} */ (document.querySelector("[aria-invalid='true']"))?.focus();
