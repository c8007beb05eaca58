import assert from "node:assert/strict";
import { test } from "node:test";

import { movedBy } from "settings/tabs";

test("arrows go round the tabs, Home and End to their ends", () => {
  assert.deepEqual(["ArrowRight", "ArrowLeft", "Home", "End"].map((key) => movedBy(key, 3, 4)), [0, 2, 0, 3]);
  assert.deepEqual(["ArrowRight", "ArrowLeft"].map((key) => movedBy(key, 0, 4)), [1, 3]);
});

test("other keys stay with the page", () => {
  for (const key of ["ArrowDown", "Tab", "Enter", "a"]) assert.equal(movedBy(key, 1, 4), null);
});
