// @ts-check
// The questions before a chat, and the offline message: the same fields under two rules.

import { el, fill, icon, setText } from "lib/dom";
import { t } from "widget/texts";
import { link, notice } from "widget/parts";
import { problem, rule, target } from "widget/fields";
import { isAway } from "widget/model";

const LABELS = { name: "widget.form.name", email: "widget.form.email", phone: "widget.form.phone", department: "widget.form.department", message: "widget.form.message" };
const OFFLINE_LABELS = { ...LABELS, email: "widget.form.reply_to", message: "widget.form.note" };
const STATES = { online: "widget.form.department_online", busy: "widget.form.department_busy", offline: "widget.form.department_offline" };
const KINDS = { name: ["text", "name", 120], email: ["email", "email", 254], phone: ["tel", "tel", 40] };

/** @param {import("./main.js").App} app @param {{missed?: boolean}} [options] missed: the message carries the chat that nobody took */
export function form(app, { missed = false } = {}) {
  const { config, storage } = app;
  const known = { ...storage.get("contact") };
  let asksKnown = false;
  let tried = false;
  /** @type {Record<string, {row: any, input: any, error: any, label: any}>} */
  const fields = {};

  const question = (/** @type {string} */ name, /** @type {any} */ input, /** @type {any} */ label, /** @type {any} */ asked) => {
    const error = el("p", { class: "error", id: name + "-error", hidden: true });
    input.id = input.name = name;
    input.setAttribute("aria-describedby", error.id);
    input.addEventListener("input", () => tried && check(name));
    const row = el("div", { class: "field" }, asked, error);
    fields[name] = { row, input, error, label };
    return row;
  };
  const field = (/** @type {string} */ name, /** @type {any} */ input, label = el("label", { for: name })) => question(name, input, label, [label, input]);
  const tick = (/** @type {string} */ name, /** @type {any} */ text, input = el("input", { type: "checkbox" })) => question(name, input, null, el("label", { class: "check" }, input, el("span", null, text)));

  const contact = Object.entries(KINDS).map(([name, [type, complete, longest]]) => field(name, el("input", { class: "input", type, autocomplete: complete, inputmode: type === "text" ? null : type, maxlength: longest })));
  const department = field("department", el("select", { class: "input", onchange: () => app.refresh() }));
  const away = el("p", { class: "hint", role: "status" });
  department.append(away);
  const message = field("message", el("textarea", { class: "input", rows: 2, oninput: () => storage.set("draft", fields.message.input.value) }));
  // Who agreed when they asked need not agree again to the message that carries that chat.
  const consent = missed && config.consent?.version === app.state.chat.consent_version ? null : config.consent;
  const consents = [
    consent && tick("consent", [consent.text, " ", consent.url && el("a", { href: consent.url, target: "_blank", rel: "noopener" }, t("widget.form.policy"))]),
    consent && config.marketing && tick("marketing", t("widget.form.marketing", { site: config.site.name })),
  ];
  const greeting = el("span");
  const greeted = el("p", { class: "w-known" }, greeting, " ", link(t("widget.form.change"), change));
  const top = el("div", { class: "w-tops" });
  const button = el("button", { class: "btn btn-primary btn-block" });
  const node = el(
    "form",
    { class: "w-screen", novalidate: true, onsubmit: send },
    el("div", { class: "w-body w-form" }, top, greeted, contact.slice(0, 2), el("div", { class: "pair" }, contact[2], department), message, consents),
    el("div", { class: "w-foot" }, button),
  );
  if (!missed) fields.message.input.value = app.state.carry || storage.get("draft") || "";

  const chosen = () => target(config, app.state.departments, fields.department.input.value);
  const isOffline = () => missed || isAway(app.state, chosen());
  const isKnown = (/** @type {string} */ name) => !asksKnown && name in KINDS && Boolean(known[name]);
  const ruleOf = (/** @type {string} */ name) => rule(name, config, { offline: isOffline(), carry: Boolean(app.state.carry) });
  const value = (/** @type {string} */ name) => (isKnown(name) ? known[name] : fields[name]?.input.value.trim());

  /** @param {string} name @param {string} [text] */
  function check(name, text) {
    const { row, input, error } = fields[name];
    const wrong = text ?? (row.hidden ? "" : problem(name, name in KINDS || name === "message" || name === "department" ? value(name) : input.checked, ruleOf(name)));
    input.setAttribute("aria-invalid", String(Boolean(wrong)));
    error.hidden = !wrong;
    fill(error, wrong && icon("warn", "icon icon-s"), wrong && (text ?? t(wrong)));
    return !wrong;
  }

  /** @param {Event} event */
  function send(event) {
    event.preventDefault();
    tried = true;
    const wrong = Object.keys(fields).filter((name) => !check(name));
    if (wrong.length) return fields[wrong[0]].input.focus();
    const asked = (/** @type {string} */ name) => (ruleOf(name) === "off" ? null : value(name) || null);
    const who = { name: asked("name"), email: asked("email"), phone: asked("phone") };
    storage.set("contact", { ...known, ...Object.fromEntries(Object.entries(who).filter(([, given]) => given)) });
    const agreed = consent ? { version: consent.version, marketing: Boolean(fields.marketing?.input.checked) } : null;
    const place = { department_id: missed ? app.state.chat.department.id : config.fields.department === "off" ? null : chosen(), consent: agreed, ...who };
    app.ask(
      isOffline()
        ? { type: "offline_message", ...place, body: value("message"), chat_id: missed ? app.state.chat.id : null }
        : { type: "request", ...place, fields: {}, message: asked("message"), previous_chat_id: app.state.chat?.id ?? null },
    );
  }

  /** @param {import("./model.js").State} state */
  function update(state) {
    for (const name of Object.keys(KINDS)) known[name] ??= /** @type {any} */ (state.visitor)[name] ?? undefined;
    const list = state.departments;
    const options = fields.department.input;
    const shown = JSON.stringify(list);
    if (options.dataset.shown !== shown) {
      options.dataset.shown = shown;
      const kept = options.value;
      fill(
        options,
        el("option", { value: "" }, t(config.fields.department === "required" ? "widget.form.choose" : "widget.form.any")),
        list.map((one) => el("option", { value: one.id }, t(STATES[one.state], { name: one.name }))),
      );
      options.value = list.some((one) => one.id === kept) ? kept : "";
    }
    const offline = isOffline();
    for (const [name, { row, label }] of Object.entries(fields)) {
      const now = ruleOf(name);
      row.hidden = now === "off" || isKnown(name) || (name === "department" && (missed || list.length < 2));
      if (label) fill(label, t(/** @type {any} */ (offline ? OFFLINE_LABELS : LABELS)[name]), now === "optional" && el("span", { class: "opt" }, " ", t("widget.form.optional")));
    }
    const others = offline && !fields.department.row.hidden && !isAway(state);
    setText(away, others ? t("widget.form.away") : "");
    const names = Object.keys(KINDS).filter((name) => isKnown(name) && ruleOf(name) !== "off");
    greeted.hidden = !names.length;
    setText(greeting, t("widget.form.known", { who: names.map((name) => known[name]).join(", ") }));
    setText(button, t(offline ? "widget.form.send_note" : "widget.form.start"));
    fill(
      top,
      !storage.persistent && notice(t("widget.form.blocked")),
      missed && notice(t("widget.missed.lead", { protocol: state.chat.protocol })),
      state.carry && notice(t("widget.form.carry")),
    );
    const refusal = state.refusal;
    if (refusal && refusal !== update.told) {
      const name = refusal.code === "consent_required" ? "consent" : refusal.field === "body" ? "message" : refusal.field === "department_id" ? "department" : refusal.field;
      if (name in KINDS) asksKnown = true;
      if (fields[name]) {
        fields[name].row.hidden = false;
        check(name, refusal.message);
        fields[name].input.focus();
      } else top.append(notice(refusal.message, "is-alert"));
      update.told = refusal;
    } else if (refusal && !(refusal.field in fields)) top.append(notice(refusal.message, "is-alert"));
  }
  /** @type {any} */
  update.told = null;

  function change() {
    asksKnown = true;
    for (const name of Object.keys(KINDS)) fields[name].input.value = known[name] ?? "";
    app.refresh();
    (Object.values(fields).find(({ row }) => !row.hidden) ?? fields.message).input.focus();
  }

  return { node, asks: true, update, focus: () => (Object.values(fields).find(({ row, input }) => !row.hidden && !input.value) ?? fields.message).input.focus() };
}
