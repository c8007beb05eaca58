// @ts-check
// Building the page without markup in strings: text only ever enters as text.

import { linkify } from "lib/links";

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * @param {string} tag
 * @param {Record<string, any> | null} [attrs] `onclick: fn` listens; `true` is an empty attribute; `false`, null and undefined leave it out; `value`, `checked` and `hidden` are properties
 * @param {...(Child | Child[])} children
 * @returns {any} the element; typed loosely so that callers needn't cast
 */
export function el(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs ?? {})) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "hidden") /** @type {any} */ (node)[name] = value;
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...flat(children));
  return node;
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
const flat = (children) => /** @type {any[]} */ (children).flat(9).filter((child) => child || child === 0 || child === "").map((child) => (child instanceof Node ? child : String(child)));

/** Replaces what `node` holds. @param {Element} node @param {...(Child | Child[])} children */
export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
}

/** Only a change is touched: a live region would say the same again, and what is focused inside would go. @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A symbol of the sprite in the page, hidden from screen readers. @param {string} name @param {string} [classes] */
export function icon(name, classes = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", classes);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", "#i-" + name);
  svg.append(use);
  return svg;
}

/** What a person wrote, with links; line breaks stay by `white-space: pre-wrap`. @param {string} text @returns {(Node | string)[]} */
export function prose(text) {
  return linkify(text).map((part) => (part.href ? el("a", { href: part.href, target: "_blank", rel: "noopener nofollow noreferrer" }, part.text) : part.text));
}

/** The JSON in `<script type="application/json" id="…">`. @param {string} id */
export const jsonOf = (id) => JSON.parse(document.getElementById(id)?.textContent || "null");
