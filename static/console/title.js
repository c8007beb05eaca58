// @ts-check
/**
 * The tab's title: a dot while something is unread, the size of the queue, what the page is.
 */

/** More than this is not counted out, a tab is narrow. */
const COUNT_MAX = 99;

/**
 * @param {{waiting: number, unread: number, label: string, product: string}} state
 */
export function title({ waiting, unread, label, product }) {
  const queue = waiting === 0 ? "" : `(${waiting > COUNT_MAX ? `${COUNT_MAX}+` : waiting}) `;
  return `${unread > 0 ? "• " : ""}${queue}${label} · ${product}`;
}
