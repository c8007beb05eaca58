import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// The texts come from the page: a page with the Portuguese ones is made before the modules are loaded.
const texts = Object.fromEntries(Object.entries(JSON.parse(readFileSync(new URL("../../locales/pt-BR/console.json", import.meta.url), "utf8"))).map(([key, text]) => [`console.${key}`, text]));
globalThis.document = /** @type {any} */ ({ getElementById: () => ({ textContent: JSON.stringify({ locale: "pt-BR", texts }) }) });
const { sentence, SILENT } = await import("console/sentence");
const { initials, visitorName } = await import("console/names");

const who = { meId: "me", visitor: "Letícia" };
const JOANA = { id: "joana", name: "Joana Prado" };
const say = (type, data, by = { kind: "agent", ...JOANA }) => sentence({ seq: 1, at: "2026-11-22T12:00:00.000Z", type, by, data }, who).text.replace(/\d\d:\d\d/, "HH:MM").replace(/\s/g, " ");
const me = { kind: "agent", id: "me", name: "Marina" };

test("a start says who, and how long the visitor had waited", () => {
  assert.equal(say("started", { agent: { id: "me", name: "Marina" }, first: true, waited_seconds: 190 }, me), "Você assumiu a conversa às HH:MM, depois de 3 min de espera");
  assert.equal(say("started", { agent: JOANA, first: false, waited_seconds: 190 }), "Joana Prado assumiu a conversa às HH:MM");
});

test("a transfer says from whom to whom, with the note that only agents see", () => {
  const data = { reason: "transferred", from: { agent: null, department: { id: "d", name: "Vendas" } }, to: { agent: JOANA, department: { id: "t", name: "Trocas" } }, note: "já autorizada" };
  assert.equal(say("transferred", data, me), "Você transferiu para Joana Prado às HH:MM: “já autorizada”");
  assert.equal(say("transferred", { ...data, to: { agent: null, department: { id: "t", name: "Trocas" } }, note: null }), "Joana Prado transferiu para o setor Trocas às HH:MM");
});

test("a lost agent is told as what it is", () => {
  assert.equal(say("transferred", { reason: "agent_lost", from: { agent: JOANA }, to: { department: { name: "Vendas" } } }, { kind: "system", id: null, name: null }), "Joana Prado perdeu a conexão: a conversa voltou para a fila às HH:MM");
});

test("tags say what came and what went", () => {
  assert.equal(say("tagged", { tags: [], added: [{ name: "troca" }], removed: [{ name: "frete" }] }, me), "Você trocou as tags: entrou troca, saiu frete");
  assert.equal(say("tagged", { tags: [], added: [{ name: "avaria" }, { name: "troca" }], removed: [] }, me), "Você pôs as tags avaria, troca");
  assert.equal(say("tagged", { tags: [], added: [{ name: "troca" }], removed: [] }, me), "Você pôs a tag troca");
});

test("an end says who ended it or why", () => {
  assert.equal(say("finished", { reason: "closed" }, { kind: "visitor", id: "v", name: null }), "Letícia encerrou a conversa às HH:MM");
  assert.equal(say("finished", { reason: "inactive" }, { kind: "system", id: null, name: null }), "Encerrada às HH:MM por falta de resposta");
});

test("a location that was withdrawn shows no coordinates and says so", () => {
  assert.equal(say("located", {}, { kind: "visitor", id: "v", name: null }), "Letícia tinha compartilhado a localização às HH:MM; foi apagada");
});

test("a rating is said in words", () => {
  assert.equal(say("rated", { score: 5, comment: "muito atenciosa" }, { kind: "visitor" }), "Letícia avaliou: Ótimo, “muito atenciosa”");
});

test("offers and types of a later version have no row, messages and events have", () => {
  assert.deepEqual(["offered", "offer_passed", "something_new", "message", "note", "started"].map((type) => SILENT.has(type)), [true, true, true, false, false, false]);
});

test("who gave no name is told by the end of the protocol", () => {
  assert.equal(visitorName({ visitor: { name: " " }, protocol: "20261122-000042" }), "Visitante 0042");
  assert.equal(visitorName({ visitor: { name: "Ana" }, protocol: "20261122-000042" }), "Ana");
});

test("initials take the first and the last name and leave emoji alone", () => {
  assert.deepEqual(["Letícia de Souza Amorim", "ana", "🙂", "João 🙂"].map(initials), ["LA", "A", "", "J"]);
});
