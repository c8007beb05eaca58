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

// build/script.rs joins these modules by lines and puts the texts in by quotes, without a parser. This is the shape that it relies on.
test("the widget's modules can become one", () => {
  const declared = new Map();
  for (const module of closure("widget/main")) {
    const source = read(`static/${module}.js`);
    for (const line of source.split("\n")) {
      assert.ok(!/^import /.test(line) || /^import \{ [\w, ]+ \} from "[\w/]+";$/.test(line), `${module}: ${line}`);
      assert.ok(!/^import .* as /.test(line) && !/^export (default|\{|\*)/.test(line), `${module}: ${line}`);
    }
    for (const [, many, one] of source.matchAll(/^(?:export )?(?:async )?(?:const|let|function|class) (?:\{([^}]*)\}|(\w+))/gm)) {
      for (const name of (many ?? one).split(",").map((part) => part.trim())) {
        assert.equal(declared.get(name), undefined, `${name} is in ${module} and in ${declared.get(name)}`);
        declared.set(name, module);
      }
    }
  }
});

test("no script cuts what people wrote within a character", () => {
  for (const path of readdirSync(new URL("static/", root), { recursive: true }).filter((name) => name.endsWith(".js"))) {
    assert.doesNotMatch(read("static/" + path), /\.(body|comment|name|note|subject|text|title|value)\.(slice|substring|substr)\(/, path);
  }
});

test("every script and style sheet of ours can lose its comments", () => {
  for (const path of readdirSync(new URL("static/", root), { recursive: true }).filter((name) => /\.(js|css)$/.test(name))) {
    const code = read("static/" + path).replace(/^\s*(\/\/.*|\/\*[^]*?\*\/)$/gm, "");
    for (const line of code.split("\n")) assert.equal((line.match(/`/g) ?? []).length % 2, 0, `${path}: a literal spans lines: ${line}`);
    for (const line of code.split("\n").filter((one) => one.includes("/*"))) assert.equal((line.split("/*")[0].match(/"/g) ?? []).length % 2, 0, `${path}: a string looks like a comment: ${line}`);
  }
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

test("every text that a module names exists, is named whole, and every text is named", () => {
  const texts = Object.keys(JSON.parse(read("locales/pt-BR/widget.json")));
  const keys = new Set(texts.flatMap((key) => [key, key.replace(/_(one|other)$/, "")]).map((key) => "widget." + key));
  const named = [...sources.join("\n").matchAll(/["'`]widget\.[\w.]*./g)].map(([found]) => (/^".*"$/.test(found) ? found.slice(1, -1) : found));
  for (const name of named) assert.ok(keys.has(name), name);
  // widget.by is written by the page itself.
  for (const key of texts) assert.ok(key === "by" || named.includes("widget." + key) || named.includes("widget." + key.replace(/_(one|other)$/, "")), key);
});

test("dark is the same by choice and by the system", () => {
  const tokens = read("static/css/tokens.css");
  const of = (start) => tokens.slice(tokens.indexOf(start)).match(/\{([^{}]*)\}/)[1].replace(/\s+/g, " ");
  assert.equal(of(':root:not([data-theme="light"])'), of('[data-theme="dark"]'));
});
