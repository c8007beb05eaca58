// @ts-check
/**
 * The agent's desk: the models, fed by the socket, and the commands that an agent can give. Knows no page; the sounds
 * and sights are its listeners' business. Time comes from `now`.
 */
import { createOutbox, shelfIn } from "lib/outbox";
import { createSocket } from "lib/socket";
import { uuid } from "lib/uuid";
import { Calls } from "console/calls";
import { Drafts } from "console/drafts";
import { HeldFinishes } from "console/held";
import { Inbox, isOver } from "console/inbox";
import { Roster } from "console/roster";
import { Threads } from "console/threads";

/** Own typing is told at most this often (docs/protocol.md). */
const TYPING_EVERY_MS = 3_000;

/**
 * @typedef {import("console/inbox").AgentChat} AgentChat
 * @typedef {AgentChat & {deadline_at?: number | null}} Dated
 * @typedef {{kind: "call", chatId: string} | {kind: "message", chatId: string, body: string}
 *   | {kind: "refused", command: any, code: string, message: string} | {kind: "gone", chatId: string}
 *   | {kind: "welcomed"} | {kind: "accepted", chatId: string} | {kind: "kept_open", chatId: string} | {kind: "offline_message", message: any}} Happening
 */

export class Desk {
  inbox = new Inbox();
  roster = new Roster();
  calls = new Calls();
  threads = new Threads();
  offlineUnread = 0;
  /** @type {string | null} */
  selectedId = null;
  /** Whether a first `welcome` came. */
  welcomed = false;
  /** Set by the page: is the end of the open chat before the agent's eyes? */
  watching = () => false;

  /** What was asked by `open` or `history` on this connection. @type {Map<string, {type: string, chatId: string, after: number | null}>} */
  #asked = new Map();
  #clockSkewMs = 0;
  #typing = { chatId: "", at: 0 };
  #announce;
  #now;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {import("lib/storage").Storage} options.storage of this agent
   * @param {() => void} options.onChange something to show has changed
   * @param {(happening: Happening) => void} options.onHappening something to say once
   * @param {() => number} [options.now]
   * @param {object} [options.socket] further options of the socket
   */
  constructor({ url, storage, onChange, onHappening, now = Date.now, socket = {} }) {
    this.#announce = onHappening;
    this.#now = now;
    this.changed = onChange;
    this.drafts = new Drafts(storage);
    this.held = new HeldFinishes((chatId) => this.#command({ type: "finish", chat_id: chatId }, { keep: true }));
    this.outbox = createOutbox({
      send: (command) => this.socket.send(command),
      onSettle: (command, frame) => this.#settled(command, frame),
      shelf: shelfIn(storage),
    });
    this.socket = createSocket({
      url,
      hello: () => ({ type: "hello", protocol: 1, token: null }),
      onFrame: (frame) => this.#receive(frame),
      onState: () => onChange(),
      ...socket,
    });
    for (const command of this.outbox.pending) this.#showSaid(command, new Date(now()).toISOString());
  }

  /** The server's time, as far as it can be told from here. @param {number} [at] a moment of this machine's clock */
  serverNow(at = this.#now()) {
    return at + this.#clockSkewMs;
  }

  get connected() {
    return this.socket.ready;
  }

  /** @returns {Dated | null} */
  get selected() {
    return this.inbox.chat(this.selectedId);
  }

  /** The queue's ids in the order in which they are to be taken. */
  queueIds() {
    return this.inbox.queue().map((chat) => chat.id);
  }

  /** The call to offer now. */
  offer() {
    const mayTake = this.connected && this.roster.me?.availability.state === "online";
    return this.calls.offer(mayTake ? this.queueIds() : [], this.#now());
  }

  /** @param {string | null} id */
  select(id) {
    const before = this.selectedId;
    if (before === id) return;
    this.stopTyping();
    this.selectedId = id;
    if (before && !this.inbox.isListed(before)) {
      this.socket.send({ type: "shut", chat_id: before, client_id: uuid() });
      this.inbox.unwatch(before);
      this.threads.forget(before);
    }
    if (id) this.#open(id);
    this.readSelected();
    this.changed();
  }

  /** @param {string} chatId */
  accept(chatId) {
    this.calls.dismiss(chatId);
    return this.#command({ type: "accept", chat_id: chatId });
  }

  /** Declines an offer made to this agent; a general call is only put aside here. @param {string} chatId */
  decline(chatId) {
    const chat = this.inbox.chat(chatId);
    this.calls.dismiss(chatId);
    if (chat?.offered_to && chat.offered_to.id === this.roster.me?.id) this.#command({ type: "decline", chat_id: chatId });
    this.changed();
  }

  /** @param {string} chatId @param {"message" | "note"} type @param {string} body */
  say(chatId, type, body) {
    const command = { type, chat_id: chatId, body, client_id: uuid() };
    this.#showSaid(command, new Date(this.serverNow()).toISOString());
    this.stopTyping();
    this.#command(command, { keep: true });
  }

  /** Takes a refused text out of the stream. @param {string} chatId @param {string} clientId */
  discard(chatId, clientId) {
    const found = this.threads.discard(chatId, clientId);
    this.outbox.drop(clientId);
    this.changed();
    return found;
  }

  /** @param {string} chatId @param {string[]} tags */
  tag(chatId, tags) {
    return this.#command({ type: "tag", chat_id: chatId, tags });
  }

  /** @param {string} chatId @param {{agent_id: string} | {department_id: string}} to @param {string | null} note */
  transfer(chatId, to, note) {
    return this.#command({ type: "transfer", chat_id: chatId, to, note });
  }

  /** @param {string} chatId */
  askLocation = (chatId) => this.#command({ type: "ask_location", chat_id: chatId });

  /** Holds the finish for a moment. @param {string} chatId */
  finish(chatId) {
    this.held.hold(chatId, this.#now());
    this.changed();
  }

  /** @param {string} chatId */
  undoFinish(chatId) {
    if (this.held.undo(chatId)) this.changed();
  }

  /** @param {import("console/roster").AvailabilityState} state @param {string | null} reason */
  setAvailability(state, reason = null) {
    const before = this.roster.me?.availability;
    this.roster.choose({ state, reason });
    this.changed();
    return this.#command({ type: "availability", state, reason }).then((/** @type {any} */ frame) => {
      if (frame.type === "error" && before) this.roster.choose(before);
      this.changed();
    });
  }

  /** The inbox of offline messages, anew. @returns {Promise<any>} */
  offlineMessages = () => this.#command({ type: "offline_messages" });

  /** @param {string} id */
  offlineDone = (id) => this.#command({ type: "offline_done", offline_message_id: id });

  /** Earlier entries of the open chat. */
  history() {
    const id = this.selectedId;
    const before = id ? this.threads.of(id).timeline.more_before : null;
    if (!id || before === null || [...this.#asked.values()].some((asked) => asked.type === "history" && asked.chatId === id)) return;
    this.#ask({ type: "history", chat_id: id, before }, id, null);
  }

  /** Keys are pressed in the composer. @param {string} chatId @param {boolean} empty whether the field is empty now */
  typing(chatId, empty) {
    if (empty) return this.stopTyping();
    const now = this.#now();
    if (this.#typing.chatId === chatId && now - this.#typing.at < TYPING_EVERY_MS) return;
    this.#typing = { chatId, at: now };
    this.socket.send({ type: "typing", chat_id: chatId, on: true });
  }

  stopTyping() {
    if (this.#typing.chatId) this.socket.send({ type: "typing", chat_id: this.#typing.chatId, on: false });
    this.#typing = { chatId: "", at: 0 };
  }

  /** Reports the open chat as read, if somebody is looking at it. */
  readSelected() {
    const id = this.selectedId;
    if (!id || !this.connected || !this.threads.of(id).loaded || !this.watching()) return;
    const seq = this.inbox.read(id);
    if (seq === null) return;
    this.socket.send({ type: "mark", chat_id: id, delivered: seq, read: seq });
    this.changed();
  }

  /** What time does here. Call it about once a second. */
  tick() {
    const now = this.#now();
    const changed = [this.held.tick(now), this.calls.expire(now)].some(Boolean);
    if (changed) this.changed();
  }

  /** The page is left. */
  leave() {
    this.held.flush();
    this.stopTyping();
  }

  /** @param {any} command @param {{keep?: boolean}} [options] @returns {Promise<any>} */
  #command(command, options) {
    const answered = this.outbox.submit(command, options);
    this.changed();
    return answered;
  }

  /** @param {any} command @param {string} at */
  #showSaid(command, at) {
    if (command.type !== "message" && command.type !== "note") return;
    this.threads.said(command.chat_id, { client_id: command.client_id, body: command.body, type: command.type, at });
  }

  /** @param {string} id */
  #open(id) {
    if ([...this.#asked.values()].some((asked) => asked.type === "open" && asked.chatId === id)) return;
    const after = this.threads.resumeAfter(id);
    this.#ask({ type: "open", chat_id: id, after }, id, after);
  }

  /** @param {any} frame @param {string} chatId @param {number | null} after */
  #ask(frame, chatId, after) {
    const client_id = uuid();
    if (this.socket.send({ ...frame, client_id })) this.#asked.set(client_id, { type: frame.type, chatId, after });
  }

  /** @param {any} frame */
  #receive(frame) {
    const asked = this.#asked.get(frame.client_id);
    if (asked && frame.type !== "event") {
      this.#asked.delete(frame.client_id);
      this.#answered(asked, frame);
    } else if (!(frame.client_id && this.outbox.settle(frame))) {
      this.#hear(frame);
    }
    this.changed();
  }

  /** @param {{type: string, chatId: string, after: number | null}} asked @param {any} frame */
  #answered(asked, frame) {
    if (frame.type === "chat") {
      this.inbox.opened(this.#dated(frame.chat));
      this.threads.opened(frame, asked.after);
      this.readSelected();
    } else if (frame.type === "history") {
      this.threads.history(frame);
    } else if (frame.type === "error") {
      if (asked.type === "open" && this.selectedId === asked.chatId && !this.inbox.isListed(asked.chatId)) this.selectedId = null;
      this.#announce({ kind: "refused", command: asked, code: frame.code, message: frame.message });
    }
  }

  /** @param {any} command @param {any} frame */
  #settled(command, frame) {
    const isText = command.type === "message" || command.type === "note";
    if (isText) this.threads.answered(command.chat_id, frame);
    if (frame.type === "error") {
      this.#announce({ kind: "refused", command, code: frame.code, message: frame.message });
    } else if (command.type === "accept") {
      this.calls.unring(command.chat_id);
      this.#announce({ kind: "accepted", chatId: command.chat_id });
    }
  }

  /** @param {any} frame */
  #hear(frame) {
    switch (frame.type) {
      case "welcome": return this.#welcome(frame);
      case "event": return this.#event(frame);
      case "chat_left": return this.#left(frame.chat_id);
      case "ring": return this.#ring(frame.chat_id, frame.circle);
      case "unring": return void this.calls.unring(frame.chat_id);
      case "typing": return frame.by?.kind === "visitor" ? this.threads.typing(frame.chat_id, frame.on, this.#now()) : undefined;
      case "marks": return this.#marks(frame);
      case "presence": return this.inbox.presence(frame.chat_id, frame.present);
      case "visitor": return this.inbox.named(frame.chat_id, frame.name);
      case "card": return this.threads.card(frame.chat_id, frame.card);
      case "agent": return this.roster.setAgent(frame.agent);
      case "departments": return this.roster.setDepartments(frame.departments);
      case "offline_message":
        this.offlineUnread = frame.unread;
        if (frame.offline_message) this.#announce({ kind: "offline_message", message: frame.offline_message });
        return;
      case "error": return this.#announce({ kind: "refused", command: null, code: frame.code, message: frame.message });
      default:
    }
  }

  /** @param {any} frame */
  #welcome(frame) {
    this.#clockSkewMs = Date.parse(frame.server_time) - this.#now();
    this.#asked.clear();
    this.roster.welcome(frame);
    this.inbox.welcome({ ...frame, queue: frame.queue.map(this.#dated), chats: frame.chats.map(this.#dated), ended: frame.ended.map(this.#dated) });
    this.offlineUnread = frame.offline_unread;
    this.welcomed = true;
    this.outbox.resend();
    const reopen = new Set(this.threads.loadedIds().filter((id) => this.inbox.isListed(id) && !isOver(/** @type {any} */ (this.inbox.chat(id)))));
    if (this.selectedId) reopen.add(this.selectedId);
    for (const id of reopen) this.#open(id);
    for (const chat of this.inbox.mine()) this.#delivered(chat);
    this.#ringAfterWelcome();
    this.#announce({ kind: "welcomed" });
  }

  /** The calls made while we were away: offers to this agent, and what a department without routing calls all for. */
  #ringAfterWelcome() {
    const me = this.roster.me;
    if (!me) return;
    const queue = this.inbox.queue().filter((chat) => !chat.offered_to || chat.offered_to.id === me.id);
    this.calls.keepOnly(queue.map((chat) => chat.id));
    const room = this.inbox.mine().length < me.max_chats;
    for (const chat of queue) {
      const department = this.roster.department(chat.department.id);
      if (chat.offered_to) this.#ring(chat.id, "offer");
      else if (department?.routing === "manual" && department.member && room) this.#ring(chat.id, "department");
    }
  }

  /** @param {string} chatId @param {string} circle */
  #ring(chatId, circle) {
    if (this.calls.ring(chatId, circle)) this.#announce({ kind: "call", chatId });
  }

  /** @param {any} frame */
  #event(frame) {
    const { entry } = frame;
    const isNew = this.inbox.event({ ...frame, chat: frame.chat && this.#dated(frame.chat) });
    this.threads.event(frame.chat_id, entry);
    const chat = this.inbox.chat(frame.chat_id);
    if (!chat) return;
    if (chat.state !== "waiting") this.calls.unring(chat.id);
    if (isOver(chat)) this.held.undo(chat.id);
    if (!isNew || !this.inbox.isMine(chat)) return;
    this.#delivered(chat);
    if (entry.type === "message" && entry.by.kind === "visitor") {
      if (this.held.undo(chat.id)) this.#announce({ kind: "kept_open", chatId: chat.id });
      this.#announce({ kind: "message", chatId: chat.id, body: entry.data.body });
    }
    if (chat.id === this.selectedId) this.readSelected();
  }

  /** @param {AgentChat} chat */
  #delivered(chat) {
    if (chat.marks.agent.delivered < chat.last_seq) this.socket.send({ type: "mark", chat_id: chat.id, delivered: chat.last_seq });
  }

  /** @param {string} chatId */
  #left(chatId) {
    const chat = this.inbox.chat(chatId);
    const wasMine = chat ? this.inbox.isMine(chat) : false;
    this.calls.unring(chatId);
    this.held.undo(chatId);
    this.inbox.left(chatId, { keep: chatId === this.selectedId });
    if (wasMine) this.#announce({ kind: "gone", chatId });
  }

  /** @param {any} frame */
  #marks(frame) {
    this.inbox.marks(frame, this.threads.of(frame.chat_id).timeline.entries);
    this.threads.marks(frame.chat_id, { visitor: frame.visitor, agent: frame.agent });
  }

  /** Time spans in a frame count from its arrival. @param {AgentChat} chat @returns {Dated} */
  #dated = (chat) => ({ ...chat, deadline_at: chat.deadline ? this.#now() + chat.deadline.in_ms : null });
}
