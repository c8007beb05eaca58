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

/** @param {State} state @param {any} chat @param {number} now @returns {Partial<State>} */
function withChat(state, chat, now) {
  const same = state.chat?.id === chat?.id;
  const ended = same && isOpen(state) && !isOpen({ ...state, chat });
  return {
    chat,
    deadline_at: chat?.deadline ? now + chat.deadline.in_ms : null,
    queue: chat?.state === "waiting" ? state.queue : null,
    typing: ended ? null : state.typing,
    // Texts that nobody took are not lost with the chat: they can open the next one.
    carry: ended ? unsent(state) : state.carry,
    wish: ended || !same ? "" : state.wish,
  };
}

/** Revoked means gone, here too. @param {State["timeline"]} timeline */
const withoutPlaces = (timeline) => ({ ...timeline, entries: timeline.entries.map((entry) => (entry.type === "located" ? { ...entry, data: {} } : entry)) });

/** @param {State} state */
const unsent = ({ timeline }) => timeline.drafts.filter((one) => one.state === "failed").map((one) => one.body).join("\n");

/** @param {State} state @param {any} frame a welcome or a `chat` frame @param {number} now @returns {Partial<State>} */
function withSnapshot(state, frame, now) {
  const { chat, queue } = frame;
  const same = chat && state.chat?.id === chat.id;
  const base = same ? state.timeline : emptyTimeline();
  const resumed = frame.type === "welcome" && base.last_seq > 0;
  const timeline = resumed ? mark(append(base, frame.entries), frame.marks) : replace(base, frame);
  return { queue_at: now, ...withChat({ ...state, queue }, chat, now), timeline };
}

/**
 * @param {State} state
 * @param {any} action a frame of the server, or one's own act: `link`, `asking`, `asked`, `typed`, `answered`, `again`, `see`, `decline`, `read`
 * @param {number} [now] ms
 * @returns {State}
 */
export function reduce(state, action, now = Date.now()) {
  const changed = changes(state, action, now);
  return changed ? { ...state, ...changed } : state;
}

/** @param {State} state @param {any} action @param {number} now @returns {Partial<State> | null | false | undefined} what is different now, if anything */
function changes(state, action, now) {
  const { chat, timeline } = state;
  const { type, chat_id, entry, frame } = action;
  // Frames of another chat change nothing.
  if (chat_id && chat_id !== chat?.id) return null;
  switch (type) {
    case "link": {
      const ready = action.state.name === "ready";
      const lost = !ready && (state.lost || state.link.name === "ready");
      return { link: action.state, lost, typing: lost ? null : state.typing };
    }
    case "welcome": {
      const { name, email, phone } = action.visitor;
      const known = state.visitor;
      return {
        ...withSnapshot(state, action, now),
        visitor: { name: name ?? known.name, email: email ?? known.email, phone: phone ?? known.phone },
        // The ack of a request may be the last that was heard before the connection went: its chat is the answer.
        asking: state.asking && !isOpen({ ...state, chat: action.chat }),
        departments: action.departments,
      };
    }
    case "chat":
      return { ...withSnapshot({ ...state, carry: "" }, action, now), asking: false, refusal: null };
    case "departments":
      return { departments: action.departments };
    case "error":
      return !action.client_id && { complaint: action.message };
    case "queue":
      return { queue: action.queue, queue_at: now };
    case "marks":
      return { timeline: mark(timeline, action) };
    case "typing":
      return { typing: action.on ? action.by?.name ?? "" : null };
    case "event": {
      const added = append(timeline, [entry]);
      if (added === timeline) return null;
      const own = entry.by.kind === "visitor";
      const next = action.chat ? withChat(state, action.chat, now) : {};
      if (entry.type === "rated") next.chat = { ...(action.chat ?? chat), rating: entry.data };
      if (entry.type === "message" && !own) next.typing = null;
      // One's own word ends the wait for it before the server says so.
      if (own && !action.chat && chat.deadline?.kind === "inactivity") next.deadline_at = null;
      return { ...next, timeline: entry.type === "location_revoked" ? withoutPlaces(added) : added };
    }
    case "history":
      return { timeline: prepend(timeline, action.entries, action.more_before) };

    case "typed":
      return { timeline: draft(timeline, action) };
    case "answered": {
      const next = { ...state, timeline: answer(timeline, frame) };
      return frame.code === "chat_finished" && !isOpen(state) ? { ...next, carry: unsent(next) } : next;
    }
    case "again":
      return { timeline: discard(timeline, action.client_id) };
    case "read": {
      const { marks } = timeline;
      if (!marks) return null;
      const { delivered, read } = marks.visitor;
      return { timeline: mark(timeline, { ...marks, visitor: { delivered: Math.max(delivered, action.seq), read: Math.max(read, action.seq) } }) };
    }
    case "asking":
      return { asking: true, refusal: null };
    case "asked":
      if (frame.type === "error") return { asking: false, refusal: frame };
      // The `chat` frame that follows a request shows the queue; until then the window keeps saying that it is on its way.
      return action.offline && { asking: false, refusal: null, wish: "noted", carry: "" };
    case "see":
      return { wish: action.wish, seen: action.wish === "new" || action.wish === "noted" ? chat?.id ?? null : state.seen };
    case "decline":
      return { declined: action.seq };
  }
}
