// @ts-check
/**
 * Keeps the children of an element in step with a list, each under its key: what stays is the same node, so focus, scroll
 * and screen readers are not disturbed, and a live region announces additions alone.
 */

/** @type {WeakMap<Element, Map<string, Element>>} */
const keptOf = new WeakMap();

/**
 * @template Item
 * @param {Element} parent whose children belong to this function alone
 * @param {Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => Element} create
 * @param {(node: any, item: Item) => void} [update] called for new nodes too
 */
export function keyed(parent, items, keyOf, create, update = () => {}) {
  const before = keptOf.get(parent) ?? new Map();
  /** @type {Map<string, Element>} */
  const after = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const node = before.get(key) ?? create(item);
    update(node, item);
    after.set(key, node);
  }
  for (const [key, node] of before) if (after.get(key) !== node) node.remove();
  keptOf.set(parent, after);
  let place = parent.firstElementChild;
  for (const node of after.values()) {
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
}

/** Sets a text only if it differs, so that nothing is announced or selected away for nothing. @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {Element} node @param {string} name @param {string | boolean | null} value */
export function setAttribute(node, name, value) {
  if (value === null || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== (value === true ? "" : value)) node.setAttribute(name, value === true ? "" : value);
}
