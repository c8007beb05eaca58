import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url);
const LANGUAGES = ["pt-BR", "en", "es"];
const textsOf = (language) => JSON.parse(readFileSync(new URL(`locales/${language}/console.json`, ROOT), "utf8"));
const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test("the three languages have the same console texts with the same placeholders", () => {
  const [first, ...others] = LANGUAGES.map(textsOf);
  for (const other of others) {
    assert.deepEqual(Object.keys(other), Object.keys(first));
    for (const [key, text] of Object.entries(first)) assert.deepEqual(placeholders(other[key]), placeholders(text), key);
  }
});

test("every console text that a module or a template names exists", () => {
  const known = new Set(Object.keys(textsOf("pt-BR")).map((key) => key.replace(/_(one|other)$/, "")));
  for (const folder of ["static/console/", "templates/console/", "templates/layouts/"]) {
    for (const name of readdirSync(new URL(folder, ROOT))) {
      const source = readFileSync(new URL(folder + name, ROOT), "utf8").replace(/\{#[\s\S]*?#\}/g, "");
      for (const [, key] of source.matchAll(/"console\.([a-z_.]*[a-z_])"/g)) assert.ok(known.has(key), `${name} names ${key}`);
    }
  }
});

test("every sentence of the timeline exists for each reason that the protocol has", () => {
  const texts = textsOf("pt-BR");
  const families = {
    "event.abandoned": ["left", "disconnected", "callback"], "event.called": ["department", "everyone", "supervisors", "nobody"],
    "event.finished": ["me", "other", "visitor", "left_queue", "inactive", "unattended"], "event.transferred": ["agent", "department", "agent_lost", "agent_deactivated"],
    "end": ["closed", "left_queue", "inactive", "unattended", "missed", "abandoned"], "location": ["none", "asked", "revoked"], "wait": ["calm", "near", "late"],
    "tick": ["waiting", "pending", "sent", "delivered", "read"], "score": [1, 2, 3, 4, 5], "ordinal": ["one", "two", "few", "other"], "by": ["system", "api", "webhook", "agent"],
    "agent": ["online", "paused", "offline"], "department": ["online", "busy", "offline"], "availability": ["online", "paused", "offline"],
  };
  for (const [family, names] of Object.entries(families)) for (const name of names) assert.ok(texts[`${family}.${name}`], `${family}.${name}`);
});
