// @ts-check
// The conversation. Nodes are kept by key, so that a screen reader hears only what is new.

import { el, fill, icon, prose, setText } from "lib/dom";
import { formatDay, formatTime, t } from "widget/texts";
import { rows } from "lib/timeline";
import { composer } from "widget/composer";
import { lineText } from "widget/lines";
import { locationCard } from "widget/location";
import { isOpen, locationAsked } from "widget/model";
import { button, link } from "widget/parts";

const TICKS = { pending: "clock", failed: "warn", sent: "check", delivered: "check2", read: "check2" };
const WORDS_OF_TICKS = { pending: "widget.tick.pending", waiting: "widget.tick.waiting", sent: "widget.tick.sent", delivered: "widget.tick.delivered", read: "widget.tick.read" };
/** So near to the end counts as reading along. */
const NEAR_PX = 80;

/** @param {import("./main.js").App} app */
export function talk(app) {
  const earlier = button("btn-quiet", t("widget.talk.earlier"), () => app.earlier());
  const log = el("div", { class: "w-log", role: "log", "aria-relevant": "additions", "aria-label": t("widget.talk.label") });
  const typing = el("div", { class: "grp is-them", role: "status" });
  const where = el("div");
  const body = el("div", { class: "w-body", tabindex: "0", role: "region", "aria-label": t("widget.talk.label"), onscroll: () => atEnd() && (fresh.hidden = true) }, earlier, log, typing, where);
  const fresh = button("w-fresh", t("widget.talk.fresh"), () => toEnd());
  fresh.hidden = true;
  const strip = el("p", { class: "w-strip", role: "status" });
  const back = el("div", { class: "w-foot row" }, button("btn-block", t("widget.talk.back"), () => app.act({ type: "see", wish: "" })));
  const write = composer(app);
  const node = el("div", { class: "w-screen" }, strip, body, fresh, write.node, back);

  /** @type {Map<string, any>} */ let kept = new Map();
  let first = 0;
  let asked = 0;
  let typist = "";
  const atEnd = () => body.scrollHeight - body.scrollTop - body.clientHeight < NEAR_PX;
  const toEnd = () => void (body.scrollTop = body.scrollHeight);

  /** @param {import("../lib/timeline.js").Message} message */
  function bubble(message) {
    const one = kept.get(message.key) ?? el("div", { class: "msg" }, prose(message.body));
    return [message.key, one];
  }

  /** @param {any} row @param {import("./model.js").State} state */
  function meta(row, state) {
    const { tick } = row;
    const failed = row.messages.find((/** @type {any} */ message) => message.tick === "failed");
    const word = !tick ? "" : tick === "pending" && state.link.name !== "ready" ? "waiting" : tick;
    const text = failed ? t(failed.code === "message_too_long" ? "widget.tick.too_long" : "widget.tick.failed") : word && t(/** @type {any} */ (WORDS_OF_TICKS)[word]);
    return { text, time: tick === "pending" || failed ? "" : formatTime(row.at), glyph: failed ? "warn" : tick && /** @type {any} */ (TICKS)[tick], failed, read: tick === "read" };
  }

  /** @param {any} row @param {import("./model.js").State} state */
  function group(row, state) {
    let one = kept.get(row.key);
    if (!one) {
      const who = !row.mine && el("p", { class: "who" }, row.by?.name ?? app.config.site.name);
      const foot = el("p", { class: "meta" }, el("span"), el("span"), el("span"));
      one = el("div", { class: "grp " + (row.mine ? "is-me" : "is-them") }, who, foot);
    }
    const foot = one.lastChild;
    const pairs = row.messages.map(bubble);
    place(one, pairs.map((/** @type {any} */ pair) => pair[1]), one.querySelector(".who"), foot);
    const now = meta(row, state);
    const shown = JSON.stringify(now);
    if (foot.dataset.shown !== shown) {
      foot.dataset.shown = shown;
      foot.className = "meta" + (now.read ? " is-read" : now.failed ? " is-failed" : "");
      const [time, glyph, word] = foot.children;
      fill(time, now.time);
      fill(glyph, now.glyph && icon(now.glyph, "icon icon-s"));
      fill(word, now.text, now.failed && isOpen(state) && now.failed.code !== "message_too_long" && link(t("widget.tick.again"), () => app.again(now.failed)));
    }
    return [[row.key, one], ...pairs];
  }

  /** Puts `nodes` between two others, moving only what is not in its place. @param {any} box @param {any[]} nodes @param {any} [before] @param {any} [after] */
  function place(box, nodes, before = null, after = null) {
    let at = before ? before.nextSibling : box.firstChild;
    for (const one of nodes) {
      if (one === at) at = at.nextSibling;
      else box.insertBefore(one, at);
    }
    while (at && at !== after) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  return {
    node,
    focus: () => (write.node.hidden ? body : write.input).focus(),
    /** @param {import("./model.js").State} state */
    update(state) {
      const stay = !node.isConnected || atEnd();
      const height = body.scrollHeight - body.scrollTop;
      const shown = rows(state.timeline, { side: "visitor" }).filter((row) => row.kind !== "line" || lineText(row.entry));
      /** @type {any[]} */ const pairs = [];
      const tops = shown.map((row) => {
        const mine = row.kind === "group" ? group(row, state) : [[row.key, kept.get(row.key) ?? el("p", { class: row.kind === "day" ? "day" : "sys" })]];
        if (row.kind !== "group") setText(mine[0][1], row.kind === "day" ? formatDay(row.at) : lineText(row.entry));
        pairs.push(...mine);
        return mine[0][1];
      });
      const grown = shown.length > 0 && kept.size > 0 && pairs.some(([key]) => !kept.has(key));
      // What comes in above was asked for and is read by going there.
      const above = first > (state.timeline.entries[0]?.seq ?? 0);
      first = state.timeline.entries[0]?.seq ?? 0;
      log.setAttribute("aria-live", above || !kept.size ? "off" : "polite");
      kept = new Map(pairs);
      place(log, tops);

      const seq = locationAsked(state);
      if (seq !== asked) fill(where, seq > 0 && locationCard(app, "agent_request", () => app.declineLocation(seq)));
      asked = seq;
      const name = isOpen(state) ? state.typing : null;
      if ((name ?? "") !== typist || (name === null) !== !typing.firstChild) fill(typing, name !== null && el("div", { class: "msg typing" }, el("span", { class: "sr-only" }, t("widget.talk.typing", { name: name || app.config.site.name })), el("i"), el("i"), el("i")));
      typist = name ?? "";
      earlier.hidden = state.timeline.more_before === null || state.timeline.more_before === undefined;
      const waiting = state.chat.state === "waiting";
      const text = !waiting ? "" : state.queue?.position ? t("widget.talk.queued", { position: state.queue.position }) : t("widget.talk.waiting");
      setText(strip, text);
      strip.hidden = !waiting;
      write.node.hidden = !isOpen(state);
      back.hidden = isOpen(state) && !(waiting && !state.chat.started_at);

      if (above && !stay) body.scrollTop = body.scrollHeight - height;
      else if (stay || state.timeline.drafts.some((one) => one.state === "pending")) requestAnimationFrame(toEnd);
      else if (grown) fresh.hidden = false;
    },
  };
}
