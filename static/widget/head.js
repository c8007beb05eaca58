// @ts-check
// The header: who or what the window is about, the menu of a chat, and the one way to minimise.

import { el, fill, icon, setText } from "lib/dom";
import { formatSpan, t } from "widget/texts";
import { isAway, isOpen } from "widget/model";
import { confirmFinish, confirmLeave, iconButton, popover, tiles } from "widget/parts";
import { download } from "widget/transcript";

/** @param {string} name */
const initials = (name) => name.split(/\s+/).filter((_, i, all) => i === 0 || i === all.length - 1).map((word) => [...word][0]).join("").toLocaleUpperCase();

/** @param {import("./main.js").App} app */
export function head(app) {
  const { config } = app;
  const { site } = config;
  const title = el("h1", { tabindex: "-1" });
  const lead = el("p", { class: "num" });
  const face = el("span", { class: "avatar", "aria-hidden": "true" });
  const more = iconButton("more", t("widget.menu.label"), () => {});
  const menu = el("div", { class: "w-menu" });
  popover(more, menu);
  const node = el("header", { class: "w-head on-nav" }, tiles(), face, el("div", { class: "grow" }, title, lead), more, menu, iconButton("minus", t("widget.minimise"), app.close));
  const item = (/** @type {string} */ name, /** @type {string} */ text, /** @type {() => void} */ act) => el("button", { type: "button", class: "btn btn-quiet btn-block", onclick: act }, icon(name), t(text));

  return {
    node,
    title,
    /** @param {import("./model.js").State} state @param {import("./model.js").Screen} screen */
    update(state, screen) {
      const { chat } = state;
      const away = screen === "form" && isAway(state, config.fields.department === "off" ? config.default_department_id : null);
      const hello = screen === "form" || screen === "missed" || screen === "refused";
      const agent = screen === "talk" && chat.state === "active" ? chat.agent : null;
      node.classList.toggle("is-hello", hello);
      node.classList.toggle("tiles", hello);
      node.firstChild.toggleAttribute("hidden", !hello);
      const present = agent && state.link.name === "ready" && !isAway(state, chat.department.id);
      face.hidden = !agent;
      if (agent) fill(face, initials(agent.name), present && el("i", { class: "dot" }));
      const [heading, text] = (() => {
        if (screen === "missed") return [t("widget.missed.title"), isAway(state, chat.department.id) ? t("widget.offline.lead", { site: site.name }) : ""];
        if (away) return [t("widget.offline.title"), t("widget.offline.lead", { site: site.name })];
        if (hello) return [site.title || t("widget.hello.title"), site.greeting || t("widget.hello.lead", { site: site.name })];
        if (agent) return [agent.name, present ? t("widget.head.online", { department: chat.department.name }) : chat.department.name];
        if (!chat || screen === "noted" || screen === "sending") return [site.name, ""];
        if (isOpen(state)) return [site.name, t("widget.head.department", { name: chat.department.name })];
        const lasted = chat.started_at && chat.ended_at ? ", " + formatSpan((Date.parse(chat.ended_at) - Date.parse(chat.started_at)) / 1000) : "";
        return [t(chat.started_at ? "widget.end.title" : "widget.left.head"), `${t("widget.protocol")} ${chat.protocol}${lasted}`];
      })();
      setText(title, heading);
      setText(lead, text);
      const shared = chat?.location.state === "shared";
      const items = chat && screen !== "form" ? [
        screen === "talk" && item("download", "widget.end.download", () => download(app)),
        shared && item("pin", "widget.location.revoke", () => app.command("revoke_location")),
        screen === "talk" && chat.state === "active" && item("x", "widget.finish.yes", () => confirmFinish(app)),
        screen === "talk" && chat.state === "waiting" && item("x", "widget.queue.leave", () => confirmLeave(app)),
      ].filter(Boolean) : [];
      const shape = screen + shared + chat?.state;
      more.hidden = !items.length;
      if (menu.dataset.shape !== shape) {
        menu.dataset.shape = shape;
        menu.hidden = true;
        fill(menu, items);
      }
    },
  };
}
