import assert from "node:assert/strict";
import { test } from "node:test";
import { cardsOf, customGroups, filledBy, isClaimed, isRecent } from "console/answered";
import { Inbox } from "console/inbox";

const CRM = { from: "CRM", at: "2026-11-22T14:04:00.000Z" };
const visitor = (change = {}) => ({ email: null, phone: null, verified: [], custom: {}, filled: {}, ...change });

test("what a webhook filled is no claim of the visitor's", () => {
  assert.equal(isClaimed(visitor({ email: "ana@example.com" })), true);
  assert.equal(isClaimed(visitor({ email: "ana@example.com", filled: { email: CRM } })), false);
  assert.equal(isClaimed(visitor({ email: "ana@example.com", phone: "81 3333-1111", filled: { email: CRM } })), true, "the phone is");
  assert.equal(isClaimed(visitor({ email: "ana@example.com", verified: ["email"] })), false);
  assert.equal(isClaimed(visitor()), false, "nothing is claimed where nothing is known");
});

test("a server that says nothing of it filled nothing", () => {
  assert.equal(filledBy(/** @type {any} */ ({}), "email"), null);
  assert.deepEqual(customGroups(/** @type {any} */ ({})), []);
  assert.deepEqual(cardsOf(/** @type {any} */ ({})), []);
});

test("custom fields stand by their source, the page's own first, with the latest time", () => {
  const later = { ...CRM, at: "2026-11-22T15:00:00.000Z" };
  const filled = { "custom.plano": CRM, "custom.pedidos": later, "custom.risco": { from: "Score", at: CRM.at } };
  const custom = { plano: "ouro", risco: "baixo", pedidos: 12, vip: true, "<b>": null };
  const groups = customGroups(visitor({ custom, filled }));
  assert.deepEqual(groups.map((group) => group.by?.from ?? null), [null, "CRM", "Score"]);
  assert.deepEqual(groups[0].fields, [{ name: "vip", value: true }, { name: "<b>", value: "null" }]);
  assert.deepEqual(groups[1], { by: later, fields: [{ name: "plano", value: "ouro" }, { name: "pedidos", value: "12" }] });
});

test("cards come the latest first, with links only to https and an honest host", () => {
  const card = (url) => ({ title: "Pedido", content: "10482", url, ...CRM });
  const links = (url) => cardsOf(/** @type {any} */ ({ cards: [card(url)] }))[0].link;
  assert.deepEqual(links("https://loja.example/10482"), { href: "https://loja.example/10482", host: "loja.example" });
  assert.deepEqual(links("https://аpple.example/")?.host, "xn--pple-43d.example");
  for (const url of [null, "", "http://loja.example/", "javascript:alert(1)", "https://banco.example@mau.example/", "//loja.example"]) assert.equal(links(url), null, String(url));
  const cards = [{ ...card(null), title: "1" }, { ...card(null), title: "2", at: "2026-11-22T15:00:00.000Z" }, { ...card(null), title: "3", at: "2026-11-22T15:00:00.000Z" }];
  assert.deepEqual(cardsOf(/** @type {any} */ ({ cards })).map((one) => one.title), ["2", "3", "1"]);
});

test("a time of day alone is said only of the last hours", () => {
  assert.equal(isRecent(CRM.at, Date.parse("2026-11-22T20:00:00.000Z")), true);
  assert.equal(isRecent(CRM.at, Date.parse("2026-11-23T14:05:00.000Z")), false);
});

test("a name that a webhook told stands in the lists at once", () => {
  const inbox = new Inbox();
  inbox.welcome(/** @type {any} */ ({ agent: { id: "me" }, queue: [{ id: "a", state: "waiting", visitor: { id: "v", name: null, present: true } }], chats: [], ended: [] }));
  inbox.named("a", "Ana Beatriz");
  assert.deepEqual(inbox.chat("a")?.visitor, { id: "v", name: "Ana Beatriz", present: true });
  inbox.named("gone", "Ana");
  assert.equal(inbox.chat("gone"), null);
});
