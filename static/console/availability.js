// @ts-check
/**
 * The switch "available", the menu beside it, and how many chats are taken of how many.
 */
import { t } from "lib/i18n";
import { setAttribute, setText } from "console/keyed";
import { byId } from "console/page";

/** @param {import("console/desk").Desk} desk */
export function mountAvailability(desk) {
  const toggle = byId("availability");
  const menu = byId("availability-menu");
  const items = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("[role='menuitemradio']")]);

  toggle.addEventListener("click", () => switchAvailability(desk));
  menu.addEventListener("toggle", (/** @type {ToggleEvent} */ event) => {
    if (event.newState === "open") (items.find((item) => item.getAttribute("aria-checked") === "true") ?? items[0])?.focus();
  });
  menu.addEventListener("click", (/** @type {Event} */ event) => {
    const item = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-state]"));
    if (!item) return;
    choose(desk, /** @type {any} */ (item.dataset.state), item.dataset.reason ?? null);
  });
  menu.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = at < 0 ? -1 : event.key === "ArrowDown" ? at + 1 : event.key === "ArrowUp" ? at - 1 : event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : -1;
    if (to === -1 && event.key !== "ArrowUp") return;
    if (at < 0) return;
    event.preventDefault();
    items[(to + items.length) % items.length]?.focus();
  });
  byId("other-reason").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    choose(desk, "paused", byId("reason").value.trim() || null);
    byId("reason").value = "";
  });
}

/** Available or paused, by one key or click. @param {import("console/desk").Desk} desk */
export function switchAvailability(desk) {
  const state = desk.roster.me?.availability.state;
  if (!desk.connected || !state) return;
  void desk.setAvailability(state === "online" ? "paused" : "online");
}

/** @param {import("console/desk").Desk} desk @param {import("console/roster").AvailabilityState} state @param {string | null} reason */
function choose(desk, state, reason) {
  if (desk.connected) void desk.setAvailability(state, reason);
  byId("availability-menu").hidePopover();
  byId("availability-more").focus();
}

/** @param {import("console/desk").Desk} desk */
export function renderAvailability(desk) {
  const me = desk.roster.me;
  const online = desk.connected && me?.availability.state === "online";
  const toggle = byId("availability");
  setAttribute(toggle, "aria-checked", String(Boolean(online)));
  toggle.disabled = !desk.connected;
  byId("availability-more").disabled = !desk.connected;
  setText(byId("availability-text"), words(desk));
  for (const item of byId("availability-menu").querySelectorAll("[data-state]")) {
    const chosen = me?.availability.state === item.dataset.state && (item.dataset.reason ?? null) === (me?.availability.reason ?? null);
    setAttribute(item, "aria-checked", String(chosen));
  }
  setText(byId("load"), me ? t("console.load", { load: desk.inbox.mine().length, max: me.max_chats }) : "");
}

/** @param {import("console/desk").Desk} desk */
function words(desk) {
  const availability = desk.roster.me?.availability;
  if (!desk.welcomed && desk.socket.state.name === "connecting") return t("console.connection.connecting");
  if (!desk.connected || !availability) return t("console.connection.offline");
  if (availability.state === "paused") return availability.reason ? t("console.availability.paused.because", { reason: availability.reason }) : t("console.availability.paused");
  return t(`console.availability.${availability.state}`);
}
