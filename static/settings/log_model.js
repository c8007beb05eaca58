// @ts-check
// What a list that is followed shows next, decided without a page: which rows are new, and whether they may come in now.

/** The most that a page holds: so many new ones may be more. */
export const PAGE_ROWS = 30;

/**
 * @param {number[]} known positions in the list, the newest first
 * @param {number[]} fetched positions on the newest page
 * @returns {{fresh: number, more: boolean}} how many are new, and whether there may be more than that
 */
export function news(known, fetched) {
  const newest = known.length > 0 ? Math.max(...known) : 0;
  const fresh = fetched.filter((position) => position > newest).length;
  return { fresh, more: fresh > 0 && fresh === fetched.length && fetched.length >= PAGE_ROWS && known.length > 0 };
}

/**
 * The steps that make one list of keys the other: in the order of `theirs`.
 * @param {string[]} ours @param {string[]} theirs
 * @returns {{remove: string[], insert: {key: string, before: string | null}[], keep: string[]}}
 */
export function steps(ours, theirs) {
  const known = new Set(ours);
  const wanted = new Set(theirs);
  /** @type {{key: string, before: string | null}[]} */
  const insert = [];
  let before = /** @type {string | null} */ (null);
  for (const key of [...theirs].reverse()) {
    if (!known.has(key)) insert.push({ key, before });
    before = key;
  }
  return { remove: ours.filter((key) => !wanted.has(key)), insert, keep: theirs.filter((key) => known.has(key)) };
}

/**
 * Whether new rows may come in without taking the reader's place: at the top, with nothing chosen in the list.
 * @param {{scrolled: number, hovered: boolean, focused: boolean, selected: boolean}} reader
 */
export const mayCome = (reader) => reader.scrolled < 80 && !reader.hovered && !reader.focused && !reader.selected;
