import assert from "node:assert/strict";
import { test } from "node:test";

import { PAGE_ROWS, mayCome, news, steps } from "settings/log_model";

const down = (from, n) => Array.from({ length: n }, (_, at) => from - at);

test("what is newer than the newest is new, and a page full of it may be more", () => {
  assert.deepEqual(news([5, 4], [7, 6, 5]), { fresh: 2, more: false });
  assert.deepEqual(news([5, 4], [5, 4, 3]), { fresh: 0, more: false });
  assert.deepEqual(news([5], down(90, PAGE_ROWS)), { fresh: PAGE_ROWS, more: true });
  assert.deepEqual(news([], [1]), { fresh: 1, more: false });
});

test("the steps make one list the other and touch nothing else", () => {
  const apply = (ours, theirs) => {
    const { remove, insert } = steps(ours, theirs);
    const list = ours.filter((key) => !remove.includes(key));
    for (const { key, before } of insert) list.splice(before === null ? list.length : list.indexOf(before), 0, key);
    return list;
  };
  for (const [ours, theirs] of [[["3", "2", "1"], ["5", "4", "3", "2"]], [[], ["2", "1"]], [["1"], []], [["4", "1"], ["4", "3", "2", "1"]]]) {
    assert.deepEqual(apply(ours, theirs), theirs);
  }
  assert.deepEqual(steps(["2", "1"], ["3", "2"]), { remove: ["1"], insert: [{ key: "3", before: "2" }], keep: ["2"] });
});

test("new rows wait while somebody reads further down, points, tabs or marks", () => {
  const still = { scrolled: 0, hovered: false, focused: false, selected: false };
  assert.equal(mayCome(still), true);
  for (const busy of [{ scrolled: 400 }, { hovered: true }, { focused: true }, { selected: true }]) assert.equal(mayCome({ ...still, ...busy }), false);
});
