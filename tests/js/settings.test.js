import assert from "node:assert/strict";
import { test } from "node:test";

import { brandOf } from "settings/contrast";
import { strengthOf } from "settings/strength";

test("a dark colour takes white text, a light one ink, and one in between is darkened", () => {
  assert.deepEqual(brandOf("#15465F"), { background: "#15465f", text: "#ffffff" });
  assert.deepEqual(brandOf("#f0b429"), { background: "#f0b429", text: "#17211f" });
  const grey = brandOf("#777777");
  assert.equal(grey?.text, "#ffffff");
  assert.notEqual(grey?.background, "#777777");
});

test("what is no colour has no sample", () => {
  for (const text of ["", "red", "#12345", "#1234567", "#12345g"]) assert.equal(brandOf(text), null);
});

test("strength counts characters, kinds and variety", () => {
  assert.equal(strengthOf("ação ação"), 0);
  assert.equal(strengthOf("aaaaaaaaaaaaaaaa"), 1);
  assert.ok(strengthOf("cuscuz com café quentinho") >= 3);
  assert.equal(strengthOf("Cuscuz-com-Café, 7 da manhã"), 4);
});
