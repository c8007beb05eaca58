import assert from "node:assert/strict";
import { test } from "node:test";
import { openStorage } from "lib/storage";
import { uuid } from "lib/uuid";

test("blocked storage becomes memory and says so", () => {
  const storage = openStorage("p:", () => {
    throw new Error("SecurityError");
  });
  storage.set("token", "x");
  assert.equal(storage.persistent, false);
  assert.equal(storage.get("token"), "x");
  storage.remove("token");
  assert.equal(storage.get("token"), null);
});

test("a full disk still carries the page", () => {
  let full = false;
  const kept = new Map();
  const area = { setItem: (k, v) => { if (full) throw new Error("QuotaExceededError"); kept.set(k, v); }, getItem: (k) => kept.get(k) ?? null, removeItem: (k) => kept.delete(k) };
  const storage = openStorage("p:", () => area);
  storage.set("a", [0]);
  full = true;
  storage.set("a", [1]);
  assert.deepEqual(storage.get("a"), [1]);
});

test("a kept value that is not ours reads as nothing", () => {
  const storage = openStorage("p:", () => ({ setItem: () => {}, getItem: () => "{", removeItem: () => {} }));
  assert.equal(storage.get("a"), null);
});

test("ids are version 4 UUIDs", () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(uuid(), uuid());
});
