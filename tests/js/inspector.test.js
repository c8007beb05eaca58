import assert from "node:assert/strict";
import { test } from "node:test";

import { Seen, attemptOf, pretty, tokens } from "inspector/model";

const post = (number, headers = []) => ({ number, at: "2026-11-22T12:00:00.000Z", type: "chat.started", protocol: null, test: false, verified: true, status: 200, headers, body: "{}" });
const numbers = (seen) => seen.posts.map(({ number }) => number);

test("what is new comes first, and what came twice is once", () => {
  const seen = new Seen();
  seen.replace({ posts: [post(2), post(1)], oldest: 1, manner: "well" });
  const fresh = seen.add({ posts: [post(4), post(3), post(2)], oldest: 1, manner: "broken" });
  assert.deepEqual(numbers(seen), [4, 3, 2, 1]);
  assert.deepEqual(fresh.map(({ number }) => number), [4, 3]);
  assert.equal(seen.manner, "broken");
  assert.equal(seen.latest, 4);
});

test("a list that was cleared elsewhere is cleared here", () => {
  const seen = new Seen();
  seen.replace({ posts: [post(2), post(1)], oldest: 1, manner: "well" });
  seen.add({ posts: [], oldest: null, manner: "well" });
  assert.deepEqual(numbers(seen), []);
});

test("a clear and a POST in one breath leave the POST", () => {
  const seen = new Seen();
  seen.replace({ posts: [post(2), post(1)], oldest: 1, manner: "well" });
  seen.add({ posts: [post(3)], oldest: 3, manner: "well" });
  assert.deepEqual(numbers(seen), [3]);
});

test("what the server has forgotten goes here too", () => {
  const seen = new Seen();
  seen.replace({ posts: Array.from({ length: 50 }, (_, at) => post(50 - at)), oldest: 1, manner: "well" });
  seen.add({ posts: [post(51)], oldest: 2, manner: "well" });
  assert.deepEqual([seen.posts.length, seen.posts[0].number, seen.posts.at(-1).number], [50, 51, 2]);
});

test("a server that was started anew counts from one again", () => {
  const seen = new Seen();
  seen.replace({ posts: [post(9)], oldest: 9, manner: "broken" });
  seen.replace({ posts: [post(1)], oldest: 1, manner: "well" });
  assert.deepEqual(numbers(seen), [1]);
  assert.equal(seen.manner, "well");
});

test("what is here already stays the same after a pause, so that an open row stays open", () => {
  const seen = new Seen();
  seen.replace({ posts: [post(1)], oldest: 1, manner: "well" });
  const [first] = seen.posts;
  seen.replace({ posts: [post(2), post(1)], oldest: 1, manner: "well" });
  assert.equal(seen.posts[1], first);
});

test("the attempt is that of the header", () => {
  assert.equal(attemptOf(post(1, [["webhook-attempt", "3"]])), 3);
  assert.equal(attemptOf(post(1)), 1);
});

test("a body without JSON stays as it came", () => {
  assert.equal(pretty("<html>"), "<html>");
  assert.equal(pretty('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}');
});

test("the coloured parts of a body joined are the body", () => {
  const text = pretty('{"say \\"hi\\": 1":"a: \\"true\\" 5","n":-1.5e3,"ok":true,"none":null,"list":[{"x":"\\\\"}]}');
  const parts = tokens(text);
  assert.equal(parts.map((part) => part.text).join(""), text);
  const of = (kind) => parts.filter((part) => part.kind === kind).map((part) => part.text);
  assert.deepEqual(of("key"), ['"say \\"hi\\": 1"', '"n"', '"ok"', '"none"', '"list"', '"x"']);
  assert.deepEqual(of("number"), ["-1500"]);
  assert.deepEqual(of("word"), ["true", "null"]);
});
