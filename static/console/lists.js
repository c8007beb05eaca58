// @ts-check
/**
 * The list pane: the queue by department, own chats, ended ones, and the search over all three. Order is held under the pointer.
 */
import { el, fill } from "lib/dom";
import { formatDuration, formatSpan, formatTime, t } from "lib/i18n";
import { isOver, matches } from "console/inbox";
import { keyed, setAttribute, setText } from "console/keyed";
import { face, visitorName } from "console/names";
import { HeldOrder } from "console/order";
import { byId } from "console/page";
import { endName, scoreName } from "console/sentence";
import { waitingSinceMs, waitLevel } from "console/wait";

/** @typedef {import("console/inbox").AgentChat} AgentChat */

export class Lists {
  #desk;
  #accept;
  #change;
  #queueOrder = new HeldOrder();
  #mineOrder = new HeldOrder();
  #query = "";
  /** Top to bottom, as shown. @type {string[]} */
  shown = [];

  /**
   * @param {import("console/desk").Desk} desk
   * @param {{accept: (chatId: string) => void, change: () => void}} actions
   */
  constructor(desk, { accept, change }) {
    this.#desk = desk;
    this.#accept = accept;
    this.#change = change;
    const search = byId("search");
    search.addEventListener("input", () => {
      this.#query = search.value.trim();
      change();
    });
    search.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && this.shown[0]) location.hash = this.shown[0];
    });
    for (const [id, order] of /** @type {Array<[string, HeldOrder]>} */ ([["queue", this.#queueOrder], ["mine", this.#mineOrder]])) {
      byId(id).addEventListener("pointermove", () => order.hold(Date.now()));
      byId(id).addEventListener("pointerleave", () => {
        order.release();
        change();
      });
    }
  }

  clearSearch() {
    const search = byId("search");
    if (!search.value) return false;
    search.value = this.#query = "";
    this.#change();
    return true;
  }

  render() {
    const { inbox, held } = this.#desk;
    const now = Date.now();
    const find = (/** @type {AgentChat[]} */ chats) => (this.#query ? chats.filter((chat) => matches(chat, this.#query, visitorName(chat))) : chats);
    const queue = find(inbox.queue());
    const mine = find(inbox.mine().filter((chat) => !held.has(chat.id)));
    const ended = find(inbox.ended());
    const byChatId = new Map([...queue, ...mine, ...ended].map((chat) => [chat.id, chat]));
    const arrange = (/** @type {HeldOrder} */ order, /** @type {AgentChat[]} */ chats) =>
      order.arrange(chats.map((chat) => chat.id), now).flatMap((id) => byChatId.get(id) ?? []);

    const departments = this.#renderQueue(arrange(this.#queueOrder, queue));
    const own = arrange(this.#mineOrder, mine);
    keyed(byId("mine"), own, (chat) => chat.id, () => rowShell(), (node, chat) => this.#mineRow(node, chat));
    keyed(byId("ended"), ended, (chat) => chat.id, () => rowShell(), (node, chat) => this.#endedRow(node, chat));
    this.shown = [...departments, ...own, ...ended].map((chat) => chat.id);

    this.#sectionOf("queue", inbox.queue().length, queue.length);
    this.#sectionOf("mine", inbox.mine().filter((chat) => !held.has(chat.id)).length, mine.length);
    this.#sectionOf("ended", inbox.ended().length, ended.length);
    const result = byId("search-result");
    setText(result, this.#query ? t("console.search.result", { n: this.shown.length }) : "");
    // What was found is there to see; that nothing was is said to everybody.
    result.className = this.#query && !this.shown.length ? "empty-mini" : "sr-only";
    this.tick();
  }

  /** @param {string} name @param {number} total @param {number} found */
  #sectionOf(name, total, found) {
    const count = byId(`${name}-count`);
    setText(count, String(total));
    if (name === "queue") count.className = `count${this.#desk.inbox.queue().some((chat) => this.#level(chat) === "late") ? "" : " is-plain"}`;
    byId(`${name}-empty`).hidden = found > 0 || Boolean(this.#query) || !this.#desk.welcomed;
  }

  /** @param {AgentChat[]} chats @returns {AgentChat[]} in the order shown */
  #renderQueue(chats) {
    /** @type {Map<string, AgentChat[]>} */
    const groups = new Map();
    for (const chat of chats) groups.set(chat.department.id, [...(groups.get(chat.department.id) ?? []), chat]);
    keyed(byId("queue"), [...groups], ([id]) => id, () => el("div", null, el("div", { class: "dep" }, el("h3"), el("span", { class: "num" })), el("ul")), (node, [id, waiting]) => {
      const department = this.#desk.roster.department(id);
      setText(node.querySelector("h3"), waiting[0]?.department.name ?? "");
      setText(node.querySelector(".dep .num"), department ? t("console.queue.goal", { goal: formatSpan(department.wait_goal_seconds) }) : "");
      keyed(node.querySelector("ul"), waiting, (chat) => chat.id, () => this.#queueShell(), (row, chat) => this.#queueRow(row, chat));
    });
    return [...groups.values()].flat();
  }

  #queueShell() {
    const link = el("a", { class: "clip" }, el("b", { class: "clip" }), el("span", { class: "line clip" }), el("span", { class: "sr-only" }));
    const row = el("li", { class: "item-row queue-row" }, link, el("span", { class: "waitbox", "aria-hidden": "true" }),
      el("button", { class: "btn btn-dense", type: "button", onclick: () => this.#accept(row.dataset.chat) }, t("console.accept"), el("span", { class: "sr-only" })));
    return row;
  }

  /** @param {any} row @param {AgentChat} chat */
  #queueRow(row, chat) {
    const { selectedId, roster, connected } = this.#desk;
    const name = visitorName(chat);
    const link = row.querySelector("a");
    row.dataset.chat = chat.id;
    setAttribute(link, "href", `#${chat.id}`);
    setAttribute(link, "aria-current", chat.id === selectedId ? "true" : null);
    setText(link.querySelector("b"), name);
    setText(link.querySelector(".line"), this.#queueLine(chat));
    row.classList.toggle("is-offered", chat.offered_to?.id === roster.me?.id && Boolean(roster.me));
    const button = row.querySelector("button");
    button.disabled = !connected;
    setText(button.querySelector(".sr-only"), ` ${name}`);
  }

  /** @param {AgentChat} chat */
  #queueLine(chat) {
    const { roster } = this.#desk;
    if (chat.offered_to && roster.me && chat.offered_to.id !== roster.me.id) return t("console.queue.offered_to", { agent: chat.offered_to.name });
    if (chat.started_before) return t("console.queue.returned");
    return chat.last_message?.body || chat.subject || t("console.queue.silent");
  }

  /** @param {any} node @param {AgentChat} chat */
  #mineRow(node, chat) {
    const { selectedId, threads, drafts } = this.#desk;
    const parts = rowParts(node);
    this.#face(node, chat);
    setAttribute(parts.link, "href", `#${chat.id}`);
    setAttribute(parts.link, "aria-current", chat.id === selectedId ? "true" : null);
    parts.link.classList.toggle("is-unread", chat.unread > 0);
    setText(parts.name, visitorName(chat));
    const draft = chat.id === selectedId ? "" : drafts.read(chat.id, "message");
    setText(parts.line, threads.isTyping(chat.id, Date.now()) ? t("console.typing.short")
      : draft ? t("console.draft", { text: draft })
        : chat.last_message ? (chat.last_message.by === "agent" ? t("console.preview.me", { text: chat.last_message.body }) : chat.last_message.body) : t("console.mine.fresh"));
    parts.count.hidden = chat.unread === 0;
    setText(parts.count, String(chat.unread));
    setText(parts.unread, chat.unread ? t("console.unread", { n: chat.unread }) : "");
  }

  /** @param {any} node @param {AgentChat} chat */
  #endedRow(node, chat) {
    const parts = rowParts(node);
    this.#face(node, chat);
    setAttribute(parts.link, "href", `#${chat.id}`);
    setAttribute(parts.link, "aria-current", chat.id === this.#desk.selectedId ? "true" : null);
    setText(parts.name, visitorName(chat));
    setText(parts.line, chat.rating
      ? (chat.rating.comment ? t("console.rating.comment", { score: scoreName(chat.rating.score), comment: chat.rating.comment }) : scoreName(chat.rating.score))
      : chat.end_reason === "closed" || !chat.end_reason ? t("console.rating.none") : endName(chat));
    setText(parts.time, chat.ended_at ? formatTime(chat.ended_at) : "");
    parts.count.hidden = true;
  }

  /** @param {any} node @param {AgentChat} chat */
  #face(node, chat) {
    const avatar = node.querySelector(".avatar");
    const key = chat.visitor.name ?? "";
    if (avatar.dataset.name !== key) {
      avatar.dataset.name = key;
      fill(avatar, face(chat.visitor.name), el("i", { class: "dot" }));
    }
    const dot = avatar.querySelector(".dot");
    const known = this.#desk.connected && !isOver(chat);
    dot.hidden = !known;
    dot.className = `dot${chat.visitor.present ? "" : " is-off"}`;
    setText(node.querySelector(".presence"), known ? t(chat.visitor.present ? "console.presence.here" : "console.presence.away") : "");
  }

  /** Moves the times on; nothing else changes, and nothing is announced. */
  tick() {
    const now = this.#desk.serverNow();
    const { inbox } = this.#desk;
    for (const row of byId("queue").querySelectorAll(".queue-row")) {
      const chat = inbox.chat(row.dataset.chat);
      if (!chat) continue;
      const waited = now - waitingSinceMs(chat);
      const level = this.#level(chat);
      const box = row.querySelector(".waitbox");
      setText(box, formatDuration(waited / 1000));
      box.className = `waitbox is-${level}`;
      row.classList.toggle("is-near", level === "near");
      row.classList.toggle("is-late", level === "late");
      const calling = row.classList.contains("is-offered") ? `, ${t("console.queue.offered_me")}` : "";
      setText(row.querySelector("a > .sr-only"), t(`console.wait.${level}`, { wait: formatSpan(waited / 1000) }) + calling);
    }
    for (const link of byId("mine").querySelectorAll("a")) {
      const chat = inbox.chat(link.getAttribute("href").slice(1));
      if (!chat) continue;
      const time = link.querySelector(".time");
      const waiting = chat.waiting_since ? now - Date.parse(chat.waiting_since) : null;
      setText(time, waiting === null ? formatTime(chat.last_message?.at ?? chat.started_at ?? chat.requested_at) : formatSpan(Math.max(0, waiting) / 1000));
      time.classList.toggle("is-waiting", waiting !== null);
      setText(link.querySelector(".waits"), waiting === null ? "" : `${t("console.mine.waiting")} `);
    }
  }

  /** @param {AgentChat} chat */
  #level(chat) {
    return waitLevel(this.#desk.serverNow() - waitingSinceMs(chat), this.#desk.roster.waitGoalSeconds(chat.department.id));
  }
}

function rowShell() {
  return el("li", null, el("a", { class: "item-row" },
    el("span", { class: "avatar", "aria-hidden": "true" }),
    el("span", { class: "clip" }, el("b", { class: "clip" }), el("span", { class: "sr-only presence" }), el("span", { class: "line clip" })),
    el("span", { class: "end" }, el("span", null, el("span", { class: "sr-only waits" }), el("span", { class: "time" })), el("span", { class: "count", "aria-hidden": "true", hidden: true }), el("span", { class: "sr-only unread" }))));
}

/** @param {any} node */
function rowParts(node) {
  const find = (/** @type {string} */ selector) => node.querySelector(selector);
  return { link: find("a"), name: find("b"), line: find(".line"), time: find(".time"), count: find(".count"), unread: find(".unread") };
}
