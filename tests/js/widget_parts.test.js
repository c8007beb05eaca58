import assert from "node:assert/strict";
import { test } from "node:test";
import { problem, rule, target } from "widget/fields";
import { allows } from "widget/host";
import { transcript } from "widget/transcript";

const config = { fields: { name: "required", email: "optional", phone: "off", message: "off", department: "optional" } };

test("an offline message always asks for an address and a text", () => {
  assert.equal(rule("email", config), "optional");
  assert.equal(rule("email", config, { offline: true }), "required");
  assert.equal(rule("message", config, { offline: true }), "required");
  assert.equal(rule("phone", config, { offline: true }), "off");
});

test("a text that an ended chat refused has a field even where none is asked", () => {
  assert.equal(rule("message", config), "off");
  assert.equal(rule("message", config, { carry: true }), "optional");
});

test("a request without a choice goes where somebody is, if the site lets people choose", () => {
  const departments = [{ id: "a", state: "offline" }, { id: "b", state: "busy" }];
  const of = (department, chosen = "") => target({ fields: { department }, default_department_id: "a" }, departments, chosen);
  assert.equal(of("optional"), "b");
  assert.equal(of("optional", "a"), "a");
  assert.equal(of("off"), "a");
  assert.equal(target({ fields: { department: "required" } }, [{ id: "z", state: "online" }], ""), "z", "the only one is not asked for");
  assert.equal(target({ fields: { department: "optional" } }, [], ""), null);
});

test("each wrong address is told what is wrong with it", () => {
  const of = (value) => problem("email", value, "required");
  assert.equal(of(""), "widget.wrong.email");
  assert.equal(of("ana"), "widget.wrong.email_at");
  assert.equal(of("ana@"), "widget.wrong.email_shape");
  assert.equal(of("a b@c.io"), "widget.wrong.email_shape");
  assert.equal(of("ana@exemplo"), "widget.wrong.email_end");
  assert.equal(of("ana@exemplo.com.br"), "");
  assert.equal(problem("email", "", "optional"), "");
  assert.equal(problem("email", "nada", "off"), "");
});

test("a phone needs its area code and consent is never optional", () => {
  assert.equal(problem("phone", "9000-000", "optional"), "widget.wrong.phone_short");
  assert.equal(problem("phone", "+55 (81) 90000-0000", "optional"), "");
  assert.equal(problem("consent", false, rule("consent", config)), "widget.wrong.consent");
  assert.equal(problem("marketing", false, rule("marketing", config)), "");
});

test("a text is counted in characters as people see them", () => {
  assert.equal(problem("message", "😀".repeat(10_000), "required"), "");
  assert.equal(problem("message", "😀".repeat(10_001), "required"), "widget.wrong.long");
});

test("only the site's own pages may speak to the window", () => {
  assert.equal(allows("https://loja.example", "https://loja.example"), true);
  assert.equal(allows("https://loja.example", "https://loja.example.mau.example"), false);
  assert.equal(allows("https://*.loja.example", "https://www.loja.example"), true);
  assert.equal(allows("https://*.loja.example", "https://mauloja.example"), false);
  assert.equal(allows("https://*.loja.example", "http://www.loja.example"), false);
});

test("the copy of a conversation has everything that was said, by whom and when", () => {
  const at = "2026-11-22T14:00:00.000Z";
  const entries = [
    { seq: 1, id: "1", at, type: "message", by: { kind: "visitor", id: "v", name: "Ana" }, data: { body: "oi\nvocês abrem hoje?" } },
    { seq: 2, id: "2", at, type: "message", by: { kind: "agent", id: "a", name: "Marina" }, data: { body: "sim" } },
  ];
  const text = transcript({ chat: { protocol: "20261122-000042", requested_at: at }, timeline: { entries, drafts: [], marks: null } }, "Casa Murici");
  assert.match(text, /^Casa Murici\r\n.*20261122-000042/);
  assert.match(text, /oi\nvocês abrem hoje\?\r\n.*Marina: sim\r\n$/);
});
