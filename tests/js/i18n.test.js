import assert from "node:assert/strict";
import { test } from "node:test";
import { createTexts } from "lib/i18n";

const texts = { "w.hi": "Olá, {name}", "w.before_one": "{n} pessoa", "w.before_other": "{n} pessoas", "w.plain": "Oi" };
const pt = createTexts({ locale: "pt-BR", texts }, "America/Recife");
const en = createTexts({ locale: "en", texts }, "America/Recife");

test("arguments are filled in and unknown ones stay visible", () => {
  assert.equal(pt.t("w.hi", { name: "Ana {n}" }), "Olá, Ana {n}");
  assert.equal(pt.t("w.hi"), "Olá, {name}");
  assert.equal(pt.t("w.none"), "w.none");
});

test("plurals follow the language", () => {
  assert.equal(pt.t("w.before", { n: 1 }), "1 pessoa");
  assert.equal(pt.t("w.before", { n: 0 }), "0 pessoa");
  assert.equal(en.t("w.before", { n: 0 }), "0 pessoas");
  assert.equal(pt.t("w.before", { n: 1200 }), "1.200 pessoas");
  assert.equal(pt.t("w.plain", { n: 2 }), "Oi");
});

test("times are those of the time zone, in 24 hours", () => {
  assert.equal(en.formatTime("2026-11-22T00:05:00Z"), "21:05");
  assert.equal(pt.formatTime("2026-11-22T03:05:00Z"), "00:05");
});

test("days are named by how far they are", () => {
  const now = new Date("2026-11-22T02:00:00Z");
  assert.equal(pt.formatDay("2026-11-21T12:00:00Z", now), "Hoje");
  assert.equal(pt.formatDay("2026-11-20T12:00:00Z", now), "Ontem");
  assert.match(pt.formatDay("2026-11-18T12:00:00Z", now), /18 de novembro$/);
  assert.match(pt.formatDay("2025-11-18T12:00:00Z", now), /2025$/);
});

test("durations read as a clock and spans as a sentence", () => {
  assert.deepEqual([0, 72, 3600, -4].map(pt.formatDuration), ["0:00", "1:12", "1:00:00", "0:00"]);
  assert.deepEqual([40, 240].map(pt.formatSpan), ["40 s", "4 min"]);
  assert.equal(pt.formatRelative("2026-11-22T00:00:00Z", Date.parse("2026-11-22T00:03:10Z")), "há 3 minutos");
});
