// @ts-check
// What the visitor's window knows and which screen that means. Pure: frames and own acts in, a new state out.

import { append, answer, discard, draft, emptyTimeline, mark, prepend, replace } from "lib/timeline";

/**
 * @typedef {"form" | "sending" | "queue" | "talk" | "rate" | "ended" | "missed" | "noted" | "refused"} Screen
 * @typedef {object} State
 * @property {import("../lib/socket.js").SocketState} link
 * @property {boolean} lost a connection that had been there is gone
 * @property {{name: string | null, email: string | null, phone: string | null}} visitor
 * @property {{id: string, name: string, state: "online" | "busy" | "offline"}[]} departments
 * @property {any} chat VisitorChat or null
 * @property {any} queue
 * @property {number} queue_at when `queue` arrived, ms
 * @property {number | null} deadline_at ms
 * @property {import("../lib/timeline.js").Timeline} timeline
 * @property {string | null} typing who writes on the other side
 * @property {boolean} asking a request or an offline message is on its way
 * @property {any} refusal the error that answered it
 * @property {"" | "details" | "reread" | "skipped" | "new" | "noted"} wish what the visitor chose to see
 * @property {string} carry a text that the ended chat refused
 * @property {string} complaint what the server said against the connection itself
 * @property {string | null} seen the ended chat that the visitor has put away
 * @property {number} declined the `seq` of the request for the location that was declined
 */

/** @param {Partial<State>} [known] @returns {State} */
export const initial = (known) => ({
  link: { name: "idle" },
  lost: false,
  visitor: { name: null, email: null, phone: null },
  departments: [],
  chat: null,
  queue: null,
  queue_at: 0,
  deadline_at: null,
  timeline: emptyTimeline(),
  typing: null,
  asking: false,
  refusal: null,
  wish: "",
  carry: "",
  complaint: "",
  seen: null,
  declined: 0,
  ...known,
});

/** @param {State} state @returns {Screen} */
export function screenOf({ link, chat, asking, wish, seen }) {
  if (link.name === "closed" && link.code !== 1001) return "refused";
  if (asking) return "sending";
  if (wish === "noted") return "noted";
  if (!chat || wish === "new") return "form";
  if (chat.state === "active") return "talk";
  if (chat.state === "waiting") return wish === "details" || chat.started_at ? "talk" : "queue";
  if (wish === "reread") return "talk";
  if (seen === chat.id && wish !== "skipped") return "form";
  if (chat.state === "missed") return "missed";
  return chat.can_rate && !chat.rating && wish !== "skipped" ? "rate" : "ended";
}

/** @param {State} state */
export const isOpen = ({ chat }) => chat?.state === "waiting" || chat?.state === "active";

/** Nobody is there: in the department, or in any where none is chosen. @param {State} state @param {string | null} [department_id] */
export function isAway({ departments }, department_id) {
  const asked = departments.filter((one) => !department_id || one.id === department_id);
  return asked.length > 0 && asked.every((one) => one.state === "offline");
}

/** The agent's request for the location that is open, by its `seq`; 0 if there is none. @param {State} state */
export function locationAsked({ chat, timeline, declined }) {
  if (chat?.location.state !== "asked") return 0;
  const seq = timeline.entries.findLast?.((entry) => entry.type === "location_asked")?.seq ?? 1;
  return seq > declined ? seq : 0;
}

/** @param {State} state @param {any} chat @param {number} now @returns {State} */
function withChat(state, chat, now) {
  const ended = state.chat?.id === chat?.id && isOpen(state) && !isOpen({ ...state, chat });
  return {
    ...state,
    chat,
    deadline_at: chat?.deadline ? now + chat.deadline.in_ms : null,
    queue: chat?.state === "waiting" ? state.queue : null,
    typing: ended ? null : state.typing,
    // Texts that nobody took are not lost with the chat: they can open the next one.
    carry: ended ? unsent(state) : state.carry,
    wish: chat?.id !== state.chat?.id || ended ? "" : state.wish,
  };
}

/** Revoked means gone, here too. @param {State["timeline"]} timeline */
const withoutPlaces = (timeline) => ({ ...timeline, entries: timeline.entries.map((entry) => (entry.type === "located" ? { ...entry, data: {} } : entry)) });

/** @param {State} state */
const unsent = ({ timeline }) => timeline.drafts.filter((one) => one.state === "failed").map((one) => one.body).join("\n");

/** @param {State} state @param {any} frame a welcome or a `chat` frame @param {number} now */
function withSnapshot(state, frame, now) {
  const chat = frame.chat;
  const same = chat && state.chat?.id === chat.id;
  const base = same ? state.timeline : emptyTimeline();
  const resumed = same && frame.type === "welcome" && base.last_seq > 0;
  const timeline = resumed ? mark(append(base, frame.entries), frame.marks) : replace(base, frame);
  return { ...withChat({ ...state, queue: frame.queue, queue_at: now }, chat, now), timeline };
}

/**
 * @param {State} state
 * @param {any} action a frame of the server, or one's own act: `link`, `asking`, `asked`, `typed`, `answered`, `again`, `see`, `decline`, `read`
 * @param {number} [now] ms
 * @returns {State}
 */
export function reduce(state, action, now = Date.now()) {
  switch (action.type) {
    case "link": {
      const lost = action.state.name === "ready" ? false : state.lost || state.link.name === "ready";
      return { ...state, link: action.state, lost, typing: lost ? null : state.typing };
    }
    case "welcome": {
      const { name, email, phone } = action.visitor;
      const known = state.visitor;
      const visitor = { name: name ?? known.name, email: email ?? known.email, phone: phone ?? known.phone };
      // The ack of a request may be the last that was heard before the connection went: its chat is the answer.
      const asking = state.asking && !isOpen({ ...state, chat: action.chat });
      return withSnapshot({ ...state, visitor, asking, departments: action.departments }, action, now);
    }
    case "chat":
      return withSnapshot({ ...state, asking: false, refusal: null, carry: "" }, action, now);
    case "departments":
      return { ...state, departments: action.departments };
    case "error":
      return action.client_id ? state : { ...state, complaint: action.message };
    case "queue":
      return action.chat_id === state.chat?.id ? { ...state, queue: action.queue, queue_at: now } : state;
    case "marks":
      return action.chat_id === state.chat?.id ? { ...state, timeline: mark(state.timeline, action) } : state;
    case "typing":
      return action.chat_id === state.chat?.id ? { ...state, typing: action.on ? action.by?.name ?? "" : null } : state;
    case "event": {
      if (action.chat_id !== state.chat?.id) return state;
      const added = append(state.timeline, [action.entry]);
      if (added === state.timeline) return state;
      const timeline = action.entry.type === "location_revoked" ? withoutPlaces(added) : added;
      const rated = action.entry.type === "rated" ? { chat: { ...state.chat, rating: action.entry.data } } : null;
      const next = action.chat ? withChat(state, action.chat, now) : { ...state, ...rated };
      const spoke = action.entry.type === "message" && action.entry.by.kind !== "visitor";
      // One's own word ends the wait for it before the server says so.
      const eased = action.entry.by.kind === "visitor" && !action.chat && state.chat.deadline?.kind === "inactivity";
      return { ...next, timeline, typing: spoke ? null : next.typing, deadline_at: eased ? null : next.deadline_at };
    }
    case "history":
      return action.chat_id === state.chat?.id ? { ...state, timeline: prepend(state.timeline, action.entries, action.more_before) } : state;

    case "typed":
      return { ...state, timeline: draft(state.timeline, action) };
    case "answered": {
      const next = { ...state, timeline: answer(state.timeline, action.frame) };
      return action.frame.code === "chat_finished" && !isOpen(next) ? { ...next, carry: unsent(next) } : next;
    }
    case "again":
      return { ...state, timeline: discard(state.timeline, action.client_id) };
    case "read": {
      const marks = state.timeline.marks;
      if (!marks) return state;
      const visitor = { delivered: Math.max(marks.visitor.delivered, action.seq), read: Math.max(marks.visitor.read, action.seq) };
      return { ...state, timeline: mark(state.timeline, { ...marks, visitor }) };
    }
    case "asking":
      return { ...state, asking: true, refusal: null };
    case "asked": {
      const { frame, offline } = action;
      if (frame.type === "error") return { ...state, asking: false, refusal: frame };
      // The `chat` frame that follows a request shows the queue; until then the window keeps saying that it is on its way.
      return offline ? { ...state, asking: false, refusal: null, wish: "noted", carry: "" } : state;
    }
    case "see":
      return { ...state, wish: action.wish, seen: action.wish === "new" || action.wish === "noted" ? state.chat?.id ?? null : state.seen };
    case "decline":
      return { ...state, declined: action.seq };
    default:
      return state;
  }
}
