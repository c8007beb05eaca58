// @ts-check
/**
 * Sound and desktop notifications. Browsers allow sound after a gesture only, so there is a button for it; and of
 * several tabs one alone makes a noise: the one that holds the lock.
 */

const LOCK = "papo.console.sound";
/** Two notes upwards, E5 and A5: a call. One lower note: a message. Frequencies in Hz. */
const CALL = [659.25, 880];
const MESSAGE = [587.33];
const NOTE_SECONDS = 0.16;

export class Ringer {
  /** @type {AudioContext | null} */
  #audio = null;
  #holdsLock = false;
  #waitsForLock = false;
  /** @type {Map<string, Notification>} */
  #shown = new Map();
  #wants;

  /** @param {(setting: "sound" | "notifications") => boolean} wants */
  constructor(wants) {
    this.#wants = wants;
  }

  /** Whether a sound could be heard now. */
  get allowed() {
    return this.#audio?.state === "running";
  }

  /** Call it in a gesture of the person. @returns {Promise<boolean>} */
  async allow() {
    try {
      this.#audio ??= new AudioContext();
      await this.#audio.resume();
    } catch {
      return false;
    }
    if (this.allowed) this.#takeLock();
    return this.allowed;
  }

  /** Without a gesture, where the browser says that this site may. To try without asking would leave a warning in its console. */
  async tryQuietly() {
    const policy = /** @type {any} */ (navigator).getAutoplayPolicy?.("audiocontext");
    return policy === "allowed" ? this.allow() : false;
  }

  call() {
    this.#play(CALL, 0.22);
  }

  message() {
    this.#play(MESSAGE, 0.12);
  }

  /** For the person who just allowed it here: this tab is heard, whichever holds the lock. */
  sample() {
    this.#play(MESSAGE, 0.12, { always: true });
  }

  /**
   * A notification of the system, only while the page is out of sight. The browser joins equal tags of several tabs.
   * @param {{tag: string, title: string, body: string, onClick: () => void}} notice
   */
  notify({ tag, title, body, onClick }) {
    if (!this.#wants("notifications") || !document.hidden || globalThis.Notification?.permission !== "granted") return;
    try {
      const notification = new Notification(title, { body, tag, silent: true });
      notification.onclick = () => {
        window.focus();
        notification.close();
        onClick();
      };
      this.#shown.set(tag, notification);
    } catch {
      // Phones want a service worker for it; there the sound and the title have to do.
    }
  }

  /** @param {string} tag */
  withdraw(tag) {
    this.#shown.get(tag)?.close();
    this.#shown.delete(tag);
  }

  /** @param {number[]} notes @param {number} volume @param {{always?: boolean}} [options] */
  #play(notes, volume, { always = false } = {}) {
    const audio = this.#audio;
    if (!this.#wants("sound") || !audio || !this.allowed || !(this.#holdsLock || always)) return;
    notes.forEach((frequency, index) => {
      const start = audio.currentTime + index * NOTE_SECONDS;
      for (const [multiple, share] of [[1, 1], [4, 0.18]]) {
        const tone = audio.createOscillator();
        const gain = audio.createGain();
        tone.frequency.value = frequency * (multiple ?? 1);
        gain.gain.setValueAtTime(0, start);
        gain.gain.linearRampToValueAtTime(volume * (share ?? 1), start + 0.008);
        gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.55);
        tone.connect(gain).connect(audio.destination);
        tone.start(start);
        tone.stop(start + 0.6);
      }
    });
  }

  #takeLock() {
    if (this.#waitsForLock) return;
    this.#waitsForLock = true;
    if (!navigator.locks) {
      this.#holdsLock = true;
      return;
    }
    navigator.locks.request(LOCK, () => {
      this.#holdsLock = true;
      return new Promise(() => {}); // until the page goes
    }).catch(() => {});
  }
}
