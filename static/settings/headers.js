// @ts-check
// The rows of an endpoint's own headers: one more, one less. Without script an empty row stands ready after each save.

const ROWS_MAX = 20;

/** @param {Document} page */
export function headerRows(page) {
  const rows = page.getElementById("own-headers");
  const add = /** @type {HTMLButtonElement | null} */ (page.getElementById("add-header"));
  if (!rows || !add) return;
  const all = () => /** @type {HTMLElement[]} */ ([...rows.children]);
  const first = (/** @type {HTMLElement | undefined} */ row) => row?.querySelector("input")?.focus();

  /** Empties the row, and takes it away unless it is the last. @param {HTMLElement} row */
  const drop = (row) => {
    const at = all().indexOf(row);
    for (const input of row.querySelectorAll("input")) input.value = "";
    if (all().length > 1) row.remove();
    add.hidden = all().length >= ROWS_MAX;
    first(all()[Math.min(at, all().length - 1)]);
  };
  const prepare = (/** @type {HTMLElement} */ row) => {
    const button = /** @type {HTMLButtonElement} */ (row.querySelector("[data-drop-header]"));
    button.hidden = false;
    button.addEventListener("click", () => drop(row));
  };
  add.hidden = all().length >= ROWS_MAX;
  add.addEventListener("click", () => {
    const row = /** @type {HTMLElement} */ (all()[0].cloneNode(true));
    for (const input of row.querySelectorAll("input")) input.value = "";
    rows.append(row);
    prepare(row);
    add.hidden = all().length >= ROWS_MAX;
    first(row);
  });
  all().forEach(prepare);
}
