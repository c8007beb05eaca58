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
const FINAL = new Set([1008, 4001, 4003]);

export class Socket {
  /** @type {any} */ #ws = null;
  /** @type {SocketState} */ #state = { name: "idle" };
  #attempt = 0;
  /** @type {any} */ #timer;
  /** @type {any} */ #pulse;
  /** @type {number | null} */ #away_ms = null;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {() => object} options.hello makes the first frame, anew for each connection
   * @param {(frame: any) => void} options.onFrame every frame but `pong` and `going_away`; `welcome` comes before the state `ready`
   * @param {(state: SocketState) => void} [options.onState]
   * @param {any} [options.WebSocket]
   * @param {{setTimeout: Function, clearTimeout: Function}} [options.timers]
   * @param {{addEventListener: Function, document?: any} | null} [options.page] where `online`, `offline` and visibility are heard
   * @param {() => number} [options.random]
   * @param {() => number} [options.now]
   */
  constructor({ url, hello, onFrame, onState = () => {}, WebSocket = globalThis.WebSocket, timers = globalThis, page = /** @type {any} */ (globalThis), random = Math.random, now = Date.now }) {
    this.url = url;
    this.options = { hello, onFrame, onState, WebSocket, timers, random, now };
    if (page?.addEventListener) {
      page.addEventListener("online", () => this.wake());
      page.addEventListener("offline", () => this.#probe());
      page.addEventListener("pageshow", () => this.wake());
      page.document?.addEventListener("visibilitychange", () => page.document.visibilityState === "visible" && this.wake());
    }
  }

  get state() {
    return this.#state;
  }

  get ready() {
    return this.#state.name === "ready";
  }

  /** Connects now, also out of a wait or from `closed`. */
  open() {
    if (this.#ws) return;
    const { timers, WebSocket, onFrame, hello } = this.options;
    timers.clearTimeout(this.#timer);
    this.#away_ms = null;
    this.#enter({ name: "connecting" });
    let ws;
    try {
      ws = this.#ws = new WebSocket(this.url);
    } catch {
      return this.#lost(1006);
    }
    this.#timer = timers.setTimeout(() => this.#lost(1006), WELCOME_MAX_MS);
    ws.onopen = () => ws === this.#ws && ws.send(JSON.stringify(hello()));
    ws.onclose = (/** @type {any} */ event) => ws === this.#ws && this.#lost(event.code || 1006);
    ws.onmessage = (/** @type {any} */ event) => {
      if (ws !== this.#ws) return;
      this.#beat();
      let frame;
      try {
        frame = JSON.parse(event.data);
      } catch {
        return;
      }
      if (frame.type === "pong") return;
      if (frame.type === "going_away") {
        this.#away_ms = frame.reconnect_in_ms;
        return;
      }
      if (frame.type !== "welcome") return onFrame(frame);
      timers.clearTimeout(this.#timer);
      this.#attempt = 0;
      this.#state = { name: "ready" };
      onFrame(frame);
      if (this.ready) this.#enter(this.#state);
    };
  }

  /** Says hello again on the open connection: the answer to `token_unknown`. */
  hello() {
    this.#ws?.send(JSON.stringify(this.options.hello()));
  }

  /** @param {object} frame @returns {boolean} whether it was handed to a connection that has been welcomed */
  send(frame) {
    if (!this.ready || this.#ws.readyState !== 1) return false;
    this.#ws.send(JSON.stringify(frame));
    return true;
  }

  /** The person or the browser believes that the network is there: try now, or check what is open. */
  wake() {
    if (this.#state.name === "waiting") {
      this.#attempt = 0;
      this.open();
    } else this.#probe();
  }

  /** Leaves for good (until `open`). */
  close() {
    this.#drop();
    this.#enter({ name: "closed", code: 1001 });
  }

  /** @param {SocketState} state */
  #enter(state) {
    this.#state = state;
    this.options.onState(state);
  }

  /** A frame came: the connection lives. Ask again when it has been silent for a while. */
  #beat() {
    const { timers } = this.options;
    timers.clearTimeout(this.#pulse);
    this.#pulse = timers.setTimeout(() => this.#probe(), PING_EVERY_MS);
  }

  #probe() {
    if (!this.send({ type: "ping" })) return;
    const { timers } = this.options;
    timers.clearTimeout(this.#pulse);
    this.#pulse = timers.setTimeout(() => this.#lost(1006), PONG_MAX_MS);
  }

  /** Lets go of the connection without waiting for the closing handshake: on a dead network it never comes. */
  #drop() {
    const { timers } = this.options;
    timers.clearTimeout(this.#timer);
    timers.clearTimeout(this.#pulse);
    const ws = this.#ws;
    this.#ws = null;
    try {
      ws?.close();
    } catch {
      // Never opened.
    }
  }

  /** @param {number} code */
  #lost(code) {
    this.#drop();
    if (FINAL.has(code)) return this.#enter({ name: "closed", code });
    const { timers, now } = this.options;
    const wait_ms = this.#wait_ms(code);
    this.#timer = timers.setTimeout(() => this.open(), wait_ms);
    this.#enter({ name: "waiting", retry_at: now() + wait_ms, code });
  }

  /** @param {number} code */
  #wait_ms(code) {
    const spread = (/** @type {number} */ ms) => ms + ms * this.options.random();
    if (this.#away_ms !== null) return spread(this.#away_ms);
    const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    if ((code === 4008 || code === 4012) && this.#attempt === 1) return 0;
    return code === 4029 ? spread(TOO_MANY_MS) : spread(backoff);
  }
}
