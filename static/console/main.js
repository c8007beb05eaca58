// @ts-check
/**
 * The console's page: joins the desk with its panes, keys and dialogs. The open chat is named in the address after `#`,
 * so that reload, "back" on a phone and links work as everywhere.
 */
import { t } from "lib/i18n";
import { mountAvailability, renderAvailability, switchAvailability } from "console/availability";
import { renderCard } from "console/card";
import { Composer } from "console/composer";
import { renderConversation, tickConversation } from "console/conversation";
import { mountKeys, showKeys } from "console/keys";
import { Lists } from "console/lists";
import { byId, startPage } from "console/page";
import { Stream } from "console/stream";
import { Tagging } from "console/tagging";
import { Transfer } from "console/transfer";

const ID = /^[0-9a-f-]{36}$/;

/** @type {Lists | undefined} */ let lists;
/** @type {Stream | undefined} */ let stream;
/** @type {Composer | undefined} */ let composer;
/** @type {Transfer | undefined} */ let transfer;

const { desk, toasts, preferences, ringer, accept, change } = startPage({
  label: t("console.title"),
  render: (current) => {
    renderAvailability(current);
    lists?.render();
    renderConversation(current);
    stream?.render(current.selected);
    composer?.render(current.selected);
    renderCard(current, { tags: () => editTags() });
    transfer?.render();
    byId("allow-sound").hidden = ringer.allowed || !preferences.on("sound");
    byId("main").dataset.view = current.selectedId ? "talk" : "lists";
  },
  tick: (current) => {
    lists?.tick();
    tickConversation(current);
  },
  show: (chatId) => go(chatId),
  onHappening: (happening) => {
    if (happening.kind === "call") return;
    if (happening.kind === "accepted") {
      ringer.withdraw(happening.chatId);
      go(happening.chatId);
      composer?.focus();
    } else if (happening.kind === "gone" && happening.chatId === desk.selectedId) {
      toasts.say(t("console.gone"), { urgent: false });
    }
  },
});

lists = new Lists(desk, { accept, change });
stream = new Stream(desk, byId("stream-place"), { edit: editFailed, discard: (chatId, clientId) => void desk.discard(chatId, clientId) });
composer = new Composer(desk);
transfer = new Transfer(desk);
const tagging = new Tagging(desk);
mountAvailability(desk);
desk.watching = () => document.visibilityState === "visible" && document.hasFocus() && (stream?.atEnd ?? false);
for (const name of ["focus", "visibilitychange"]) addEventListener(name, () => desk.readSelected(), true);

/** @param {string} chatId */
function go(chatId) {
  if (location.hash !== `#${chatId}`) location.hash = chatId;
  else select();
}

function select() {
  const id = location.hash.slice(1);
  const wanted = ID.test(id) ? id : null;
  const changed = wanted !== desk.selectedId;
  desk.select(wanted);
  closeVisitor();
  if (changed && wanted && !matchMedia("(max-width: 720px)").matches) queueMicrotask(() => composer?.focus());
}

addEventListener("hashchange", select);
select();

function acceptNext() {
  const first = desk.queueIds()[0];
  if (first && desk.connected) accept(first);
  else toasts.say(t(desk.connected ? "console.queue.nobody" : "console.connection.offline"), { urgent: false });
}

function editTags() {
  if (desk.selected) tagging.open(desk.selected);
}

function finish() {
  const chat = desk.selected;
  if (!chat || byId("act-finish").hidden) return;
  if (desk.roster.department(chat.department.id)?.tags_required && chat.tags.length === 0) tagging.open(chat, () => hold(chat.id));
  else hold(chat.id);
}

/** Holds the end and moves on to the next conversation. @param {string} chatId */
function hold(chatId) {
  const mine = desk.inbox.mine().map((chat) => chat.id).filter((id) => id !== chatId && !desk.held.has(id));
  const next = desk.inbox.neighbour(chatId, 1, (lists?.shown ?? []).filter((id) => id === chatId || mine.includes(id)));
  desk.finish(chatId);
  if (next && next !== chatId) go(next);
  else location.hash = "";
}

/** @param {string} chatId @param {string} clientId */
function editFailed(chatId, clientId) {
  const found = desk.discard(chatId, clientId);
  if (!found) return;
  const kind = found.type === "note" ? "note" : "message";
  desk.drafts.giveBack(chatId, kind, found.body, Date.now());
  composer?.reload(kind);
}

/** @param {1 | -1} step */
function move(step) {
  const next = desk.inbox.neighbour(desk.selectedId, step, lists?.shown ?? []);
  if (next) go(next);
}

function toggleVisitor() {
  const open = byId("visitor").classList.toggle("is-open");
  byId("act-visitor").setAttribute("aria-expanded", String(open));
  byId("card").focus();
}

function closeVisitor() {
  if (!byId("visitor").classList.contains("is-open")) return false;
  byId("visitor").classList.remove("is-open");
  byId("act-visitor").setAttribute("aria-expanded", "false");
  byId("act-visitor").focus();
  return true;
}

byId("act-accept").addEventListener("click", () => desk.selectedId && accept(desk.selectedId));
byId("empty-accept").addEventListener("click", acceptNext);
byId("act-transfer").addEventListener("click", () => desk.selected && transfer?.open(desk.selected));
byId("act-tags").addEventListener("click", editTags);
byId("act-finish").addEventListener("click", finish);
byId("act-visitor").addEventListener("click", toggleVisitor);
byId("visitor").addEventListener("click", (/** @type {any} */ event) => event.target.closest("[data-close]") && closeVisitor());
byId("open-keys").addEventListener("click", showKeys);
byId("empty-keys").addEventListener("click", showKeys);
byId("back").addEventListener("click", (/** @type {Event} */ event) => {
  event.preventDefault();
  location.hash = "";
});
byId("allow-sound").addEventListener("click", () => ringer.allow().then((allowed) => {
  if (allowed) ringer.message();
  change();
}));

mountKeys({
  next: () => move(1),
  previous: () => move(-1),
  search: () => byId("search").select(),
  write: () => composer?.write("message"),
  note: () => composer?.write("note"),
  accept: acceptNext,
  transfer: () => desk.selected && !byId("act-transfer").hidden && transfer?.open(desk.selected),
  tags: editTags,
  finish,
  availability: () => switchAvailability(desk),
  visitor: toggleVisitor,
  help: showKeys,
  close: () => closeVisitor() || (document.activeElement === byId("search") && (lists?.clearSearch() ?? false)),
}, () => preferences.on("letters"));
