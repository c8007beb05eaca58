// @ts-check
// One connection that keeps itself alive: hello first, reconnect with backoff, notice a dead network.
// Knows close codes and liveness of docs/protocol.md; knows neither commands nor chats.

/**
 * @typedef {{name: "idle"} | {name: "connecting"} | {name: "ready"}
 *   | {name: "waiting", retry_at: number, code: number} | {name: "closed", code: number}} SocketState
 * `retry_at` in milliseconds since the epoch; `code` as in the table of close codes, 1006 when the network failed.
 */

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
const TOO_MANY_MS = 30_000;
const WELCOME_MAX_MS = 15_000;
const PING_EVERY_MS = 25_000;
const PONG_MAX_MS = 8_000;
/** Codes after which coming back by itself would only be refused again. */
const FINAL = [1008, 4001, 4003];

/**
 * @param {object} options
 * @param {string} options.url
 * @param {() => object} options.hello makes the first frame, anew for each connection
 * @param {(frame: any) => void} options.onFrame every frame but `pong` and `going_away`; `welcome` comes before the state `ready`
 * @param {(state: SocketState) => void} [options.onState]
 * @param {any} [options.WebSocket]
 * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
 * @param {any} [options.page] where `online`, `offline` and visibility are heard
 * @param {() => number} [options.random]
 * @param {() => number} [options.now]
 */
export function createSocket({ url, hello, onFrame, onState = () => {}, WebSocket = globalThis.WebSocket, timers: { setTimeout, clearTimeout } = globalThis, page = globalThis, random = Math.random, now = Date.now }) {
  /** @type {any} */ let ws = null;
  /** @type {SocketState} */ let state = { name: "idle" };
  let attempt = 0;
  /** @type {any} */ let timer;
  /** @type {any} */ let pulse;
  /** @type {number | null} */ let away_ms = null;

  const isReady = () => state.name === "ready";
  // Half of a character (a pair of surrogates that was cut) is no text: in no place of a frame would the server take it.
  const write = (/** @type {object} */ frame) => ws?.send(JSON.stringify(frame, (_, value) => value?.replace?.(/[\ud800-\udfff]/gu, "\ufffd") ?? value));
  const spread = (/** @type {number} */ ms) => ms + ms * random();

  /** @param {SocketState} next */
  function enter(next) {
    state = next;
    onState(state);
  }

  /** Connects now, also out of a wait or from `closed`. */
  function open() {
    if (ws) return;
    clearTimeout(timer);
    away_ms = null;
    enter({ name: "connecting" });
    try {
      ws = new WebSocket(url);
    } catch {
      return lose();
    }
    const own = ws;
    timer = setTimeout(lose, WELCOME_MAX_MS);
    own.onopen = () => own === ws && write(hello());
    own.onclose = (/** @type {any} */ event) => own === ws && lose(event.code || undefined);
    own.onmessage = (/** @type {any} */ event) => {
      if (own !== ws) return;
      // A frame came: the connection lives. Ask again when it has been silent for a while.
      clearTimeout(pulse);
      pulse = setTimeout(probe, PING_EVERY_MS);
      let frame;
      try {
        frame = JSON.parse(event.data);
      } catch {
        return;
      }
      if (frame.type === "going_away") away_ms = frame.reconnect_in_ms;
      else if (frame.type === "welcome") {
        clearTimeout(timer);
        attempt = 0;
        state = { name: "ready" };
        onFrame(frame);
        if (isReady()) enter(state);
      } else if (frame.type !== "pong") onFrame(frame);
    };
  }

  /** @param {object} frame @returns {boolean} whether it was handed to a connection that has been welcomed */
  function send(frame) {
    if (!isReady() || ws.readyState !== 1) return false;
    write(frame);
    return true;
  }

  /** The person or the browser believes that the network is there: try now, or check what is open. */
  function wake() {
    if (state.name !== "waiting") return probe();
    attempt = 0;
    open();
  }

  function probe() {
    if (!send({ type: "ping" })) return;
    clearTimeout(pulse);
    pulse = setTimeout(lose, PONG_MAX_MS);
  }

  /** Lets go of the connection without waiting for the closing handshake: on a dead network it never comes. */
  function drop() {
    clearTimeout(timer);
    clearTimeout(pulse);
    const gone = ws;
    ws = null;
    try {
      gone?.close();
    } catch {
      // Never opened.
    }
  }

  /** @param {number} [code] none: the network failed */
  function lose(code = 1006) {
    drop();
    if (FINAL.includes(code)) return enter({ name: "closed", code });
    const wait_ms = waitMs(code);
    timer = setTimeout(open, wait_ms);
    enter({ name: "waiting", retry_at: now() + wait_ms, code });
  }

  /** @param {number} code */
  function waitMs(code) {
    if (away_ms !== null) return spread(away_ms);
    const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt);
    attempt += 1;
    if ((code === 4008 || code === 4012) && attempt === 1) return 0;
    return spread(code === 4029 ? TOO_MANY_MS : backoff);
  }

  if (page?.addEventListener) {
    page.addEventListener("online", wake);
    page.addEventListener("offline", probe);
    page.addEventListener("pageshow", wake);
    page.document?.addEventListener("visibilitychange", () => page.document.visibilityState === "visible" && wake());
  }

  return {
    get state() {
      return state;
    },
    get ready() {
      return isReady();
    },
    open,
    send,
    wake,
    /** Says hello again on the open connection: the answer to `token_unknown`. */
    hello: () => write(hello()),
    /** Leaves for good (until `open`). */
    close() {
      drop();
      enter({ name: "closed", code: 1001 });
    },
  };
}
