// @ts-check
// First run: the browser's own time zone, unless somebody has chosen one.

/** @param {Document} page */
export function preferOwnZone(page) {
  const select = /** @type {HTMLSelectElement | null} */ (page.querySelector("[data-form='setup'] [name='timezone']"));
  if (!select || page.querySelector("[aria-invalid='true']")) return;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === own)) select.value = own;
}
