// @ts-check
/**
 * The transfer dialog: departments and agents, those who can take the chat first, with a note that the visitor never sees.
 */
import { el } from "lib/dom";
import { t } from "lib/i18n";
import { fold } from "console/inbox";
import { keyed, setText } from "console/keyed";
import { firstName, initials } from "console/names";
import { byId, dotClass } from "console/page";
import { availabilityOf } from "console/roster";

export class Transfer {
  #desk;
  #dialog = byId("transfer");
  /** @type {import("console/inbox").AgentChat | null} */
  #chat = null;
  /** @type {{kind: "agent" | "department", id: string, name: string} | null} */
  #to = null;

  /** @param {import("console/desk").Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    byId("transfer-search").addEventListener("input", () => this.render());
    byId("transfer-search").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      this.#dialog.querySelector(".pick input:not(:disabled)")?.click();
    });
    this.#dialog.addEventListener("close", () => this.#close());
  }

  /** @param {import("console/inbox").AgentChat} chat */
  open(chat) {
    this.#chat = chat;
    this.#to = null;
    this.#dialog.returnValue = "cancel";
    byId("transfer-title").textContent = t("console.transfer.title", { name: firstName(chat) });
    byId("transfer-search").value = "";
    byId("transfer-note").value = "";
    this.render();
    this.#dialog.showModal();
  }

  /** Loads change while the dialog is open. */
  render() {
    const chat = this.#chat;
    if (!chat || !this.#dialog.isConnected) return;
    const query = fold(byId("transfer-search").value.trim());
    const { departments, agents } = this.#desk.roster.receivers({ departmentId: chat.department.id, agentId: chat.agent?.id ?? null });
    const places = departments.filter((department) => fold(department.name).includes(query));
    // A chat that nobody has goes to a department; an agent of the present one accepts it instead.
    const people = chat.state === "active" ? agents.filter((agent) => fold(agent.name).includes(query)) : [];
    this.#list("transfer-departments", places, "department", (node, department) => {
      setText(node.querySelector("small"), department.free ? t("console.transfer.free", { n: department.free }) : t("console.transfer.nobody"));
      const waiting = this.#desk.inbox.queue().filter((one) => one.department.id === department.id).length;
      setText(node.querySelector(".muted"), department.member ? (waiting ? t("console.transfer.waiting", { n: waiting }) : t("console.transfer.no_queue")) : t(`console.department.${department.state}`));
    });
    this.#list("transfer-agents", people, "agent", (node, agent) => {
      const availability = availabilityOf(agent);
      const state = agent.connected ? availability.state : "offline";
      const names = agent.departments.flatMap((id) => this.#desk.roster.department(id)?.name ?? []).join(", ");
      setText(node.querySelector("small"), state === "online" && agent.room ? names : [names, state === "online" ? t("console.transfer.full") : t(`console.agent.${state}`)].filter(Boolean).join(", "));
      setText(node.querySelector(".muted"), t("console.transfer.load", { load: agent.load, max: agent.max_chats }));
      node.querySelector("input").disabled = !agent.allowed;
      node.querySelector(".dot").className = `dot${dotClass(state)}`;
    });
    byId("transfer-none").hidden = places.length + people.length > 0;
    const go = byId("transfer-go");
    go.disabled = !this.#to;
    setText(go, this.#to ? t("console.transfer.do", { name: this.#to.kind === "agent" ? (this.#to.name.split(/\s+/)[0] ?? this.#to.name) : this.#to.name }) : t("console.transfer"));
  }

  /**
   * @param {string} id @param {any[]} items @param {"agent" | "department"} kind
   * @param {(node: any, item: any) => void} update
   */
  #list(id, items, kind, update) {
    const fieldset = byId(id);
    fieldset.hidden = items.length === 0;
    keyed(fieldset.querySelector("div"), items, (item) => item.id, (item) => el("label", { class: "pick" },
      el("input", { type: "radio", name: "to", onchange: () => this.#choose(kind, item) }),
      kind === "agent" && el("span", { class: "avatar", "aria-hidden": "true" }, initials(item.name), el("i", { class: "dot" })),
      el("span", { class: "grow" }, el("b", null, item.name), el("small")), el("span", { class: "num muted" })),
    (node, item) => {
      node.querySelector("input").checked = this.#to?.id === item.id;
      update(node, item);
    });
  }

  /** @param {"agent" | "department"} kind @param {{id: string, name: string}} item */
  #choose(kind, item) {
    this.#to = { kind, id: item.id, name: item.name };
    this.render();
  }

  #close() {
    if (this.#dialog.returnValue !== "transfer" || !this.#chat || !this.#to) return;
    const note = byId("transfer-note").value.trim() || null;
    void this.#desk.transfer(this.#chat.id, this.#to.kind === "agent" ? { agent_id: this.#to.id } : { department_id: this.#to.id }, note);
    this.#chat = null;
  }
}
