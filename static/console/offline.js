// @ts-check
/**
 * The page of offline messages. The desk lives here too: a call is heard while somebody reads the post.
 */
import { el, icon, jsonOf, prose } from "lib/dom";
import { formatDateTime, t } from "lib/i18n";
import { keyed, setText } from "console/keyed";
import { face } from "console/names";
import { OfflineList } from "console/offline_list";
import { byId, startPage } from "console/page";

const messages = new OfflineList(jsonOf("offline-messages-data") ?? []);
/** @type {"open" | "done"} */
let which = "open";

const go = (/** @type {string} */ chatId) => location.assign(`/console#${chatId}`);

const { desk, change } = startPage({
  label: t("console.offline.title"),
  render: () => draw(),
  show: go,
  onHappening: (happening) => {
    if (happening.kind === "accepted") go(happening.chatId);
    else if (happening.kind === "offline_message") messages.put(happening.message);
  },
});

function draw() {
  const query = byId("search").value.trim();
  const found = messages.list(which, query);
  const open = messages.list("open").length;
  setText(byId("offline-open-count"), String(open));
  byId("offline-open-count").className = `count${open ? "" : " is-plain"}`;
  keyed(byId("offline-messages"), found, (message) => `${message.id} ${message.done_at ?? ""}`, row);
  for (const button of byId("offline-messages").querySelectorAll("button")) button.disabled = !desk.connected;
  byId("offline-empty").hidden = found.length > 0;
  setText(byId("offline-empty"), query ? t("console.offline.none_found") : t(which === "open" ? "console.offline.none_open" : "console.offline.none_done"));
}

/** @param {import("console/offline_list").OfflineMessage} message */
function row(message) {
  const about = [formatDateTime(message.at), message.department?.name, message.site?.name, message.protocol].filter(Boolean).join(" · ");
  return el("li", { class: `offline-item${message.done_at ? "" : " is-open"}` },
    el("span", { class: "avatar", "aria-hidden": "true" }, face(message.name)),
    el("div", null, el("h2", null, message.name?.trim() || t("console.offline.unnamed")), el("p", { class: "meta" }, about)),
    el("div", { class: "body" }, prose(message.body)),
    el("div", { class: "ways" },
      message.email && el("a", { href: `mailto:${encodeURIComponent(message.email).replace("%40", "@")}` }, icon("mail", "icon icon-s"), message.email),
      message.phone && el("a", { href: `tel:${message.phone.replace(/[^+\d]/g, "")}` }, icon("phone", "icon icon-s"), message.phone),
      message.chat_id && el("a", { href: `/console#${message.chat_id}` }, icon("chat", "icon icon-s"), t("console.offline.chat")),
      message.done_at
        ? el("span", { class: "muted" }, message.done_by ? t("console.offline.done_by", { agent: message.done_by.name, at: formatDateTime(message.done_at) }) : t("console.offline.done_at", { at: formatDateTime(message.done_at) }))
        : el("button", { class: "btn btn-dense", type: "button", onclick: () => finish(message) }, icon("check"), t("console.offline.finish"))));
}

/** @param {import("console/offline_list").OfflineMessage} message */
async function finish(message) {
  const rest = messages.list("open").filter((one) => one.id !== message.id);
  messages.done(message.id, desk.roster.me, new Date(desk.serverNow()).toISOString());
  change();
  const answer = await desk.offlineDone(message.id);
  if (answer.type === "error") messages.reopen(message.id);
  change();
  if (rest.length === 0) byId("tab-open").focus();
}

/** @param {"open" | "done"} wanted */
function turn(wanted) {
  which = wanted;
  for (const name of ["open", "done"]) {
    byId(`tab-${name}`).setAttribute("aria-selected", String(name === wanted));
    byId(`tab-${name}`).tabIndex = name === wanted ? 0 : -1;
  }
  byId("offline-list").setAttribute("aria-labelledby", `tab-${wanted}`);
  change();
}

for (const name of /** @type {Array<"open" | "done">} */ (["open", "done"])) {
  const other = name === "open" ? "done" : "open";
  byId(`tab-${name}`).addEventListener("click", () => turn(name));
  byId(`tab-${name}`).addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    turn(other);
    byId(`tab-${other}`).focus();
  });
}
byId("search").addEventListener("input", change);
