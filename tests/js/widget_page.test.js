import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const page = read("templates/widget/frame.html");
const sources = readdirSync(new URL("static/widget/", root)).filter((name) => name !== "loader.js").map((name) => read("static/widget/" + name));

/** Every module that the entry needs, by its static imports. */
function closure(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, next] of read(`static/${entry}.js`).matchAll(/^import .* from "([^"]+)";$/gm)) closure(next, found);
  return found;
}

test("the page maps and preloads exactly the modules that it runs", () => {
  const wanted = [...closure("widget/main")].sort();
  assert.deepEqual([...page.matchAll(/"((?:lib|widget)\/[\w/]+)":"/g)].map((match) => match[1]).sort(), wanted);
  assert.deepEqual([...page.matchAll(/modulepreload" href="\{\{ assets\.url\("([^"]+)\.js"\) \}\}"/g)].map((match) => match[1]).sort(), wanted);
});

test("every icon that a module draws is in the page, and no other", () => {
  const drawn = new Set(["face1", "face2", "face3", "face4", "face5"]);
  const known = [...page.matchAll(/id="i-(\w+)"/g)].map((match) => match[1]);
  for (const name of known) if (sources.some((source) => source.includes(`"${name}"`))) drawn.add(name);
  assert.deepEqual([...drawn].sort(), [...known].sort());
});

test("every text has its three languages, with the same placeholders", () => {
  const holes = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const namespace of ["widget", "launcher"]) {
    const [pt, ...others] = ["pt-BR", "en", "es"].map((locale) => JSON.parse(read(`locales/${locale}/${namespace}.json`)));
    for (const other of others) {
      assert.deepEqual(Object.keys(other), Object.keys(pt));
      for (const key of Object.keys(pt)) assert.deepEqual(holes(other[key]), holes(pt[key]), key);
    }
  }
});

test("every text that a module names exists, and every text is named", () => {
  const keys = Object.keys(JSON.parse(read("locales/pt-BR/widget.json"))).map((key) => "widget." + key);
  const named = sources.flatMap((source) => [...source.matchAll(/["`](widget\.[\w.]*)/g)].map((match) => match[1]));
  for (const name of named) assert.ok(keys.some((key) => key.startsWith(name)), name);
  // widget.by is written by the page itself; the labels of fields are put together from their names.
  const free = (key) => key === "widget.by" || /^widget\.form\.(name|email|phone|department|message|note|reply_to)$/.test(key);
  for (const key of keys) assert.ok(free(key) || named.some((name) => key.startsWith(name)), key);
});
