// @ts-check
/**
 * The tab's title: the size of the queue, then what the page is, and a call by name while the tab is hidden.
 */

/** More than this is not counted out, a tab is narrow. */
const COUNT_MAX = 99;

/**
 * @param {{waiting: number, unread: number, label: string, product: string}} state
 */
export function title({ waiting, unread, label, product }) {
  const count = waiting + unread;
  const badge = count === 0 ? "" : `(${count > COUNT_MAX ? `${COUNT_MAX}+` : count}) `;
  return `${badge}${label} · ${product}`;
}
