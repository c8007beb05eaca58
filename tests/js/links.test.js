import assert from "node:assert/strict";
import { test } from "node:test";
import { linkify } from "lib/links";

const hrefs = (text) => linkify(text).flatMap((part) => part.href ?? []);
const joined = (text) => linkify(text).map((part) => part.text).join("");

test("http, https and www become links and nothing else does", () => {
  assert.deepEqual(hrefs("veja https://loja.com.br/a?b=1#c e www.papo.chat, ou http://x.io"), ["https://loja.com.br/a?b=1#c", "https://www.papo.chat/", "http://x.io/"]);
  assert.deepEqual(hrefs("javascript:alert(1) data:text/html,x ftp://a.b mailto:a@b.c loja.com.br"), []);
});

test("punctuation of the sentence stays outside", () => {
  assert.deepEqual(hrefs("(https://a.io/x). https://a.io/y! \"https://a.io/z\""), ["https://a.io/x", "https://a.io/y", "https://a.io/z"]);
  assert.deepEqual(hrefs("https://pt.wikipedia.org/wiki/Papo_(ave)"), ["https://pt.wikipedia.org/wiki/Papo_(ave)"]);
});

test("the text comes back whole", () => {
  for (const text of ["", "oi", "a https://b.io.", "www.", "https://", "https://a.io https://b.io", "x@www.a.io"]) assert.equal(joined(text), text);
});

test("an address that poses as another host is not opened under its name", () => {
  assert.deepEqual(hrefs("https://banco.com.br@mau.io/entrar"), []);
  assert.match(joined("https://раypal.com/x"), /\(xn--.*\.com\)/);
});

test("a hostile text costs no more than its length", () => {
  const text = "https://a.io/" + "(".repeat(5000) + ")".repeat(90_000) + " www.".repeat(20_000);
  assert.equal(joined(text).length, text.length);
});
