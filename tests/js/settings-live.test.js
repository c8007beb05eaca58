import assert from "node:assert/strict";
import { test } from "node:test";

import { takeOver } from "settings/live";

/** A live part that says what it was given. */
const part = (id, text, focused = false) => ({
  id,
  childNodes: [text],
  contains: () => focused,
  isEqualNode: (other) => other.childNodes[0] === text,
  replaceChildren(...nodes) { this.childNodes = nodes; },
});
const page = (...parts) => ({
  activeElement: null,
  querySelectorAll: () => parts,
  getElementById: (id) => parts.find((one) => one.id === id) ?? null,
});

test("live parts take over what came anew, but for the one that somebody is in and one that is gone", () => {
  const [moved, focused, gone] = [part("a", "3 due"), part("b", "link", true), part("c", "held")];
  takeOver(page(moved, focused, gone), page(part("a", "2 due"), part("b", "other")));
  assert.deepEqual([moved, focused, gone].map(({ childNodes }) => childNodes[0]), ["2 due", "link", "held"]);
});

test("what says the same is left alone, so that nobody's selection is lost", () => {
  const same = part("a", "Healthy");
  same.replaceChildren = () => assert.fail("it was replaced");
  takeOver(page(same), page(part("a", "Healthy")));
});
