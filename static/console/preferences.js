// @ts-check
/**
 * What an agent wants of this browser: sound, desktop notifications, shortcuts with letters. Kept here, not on the
 * server: a laptop in the office and one at home differ.
 */

const DEFAULTS = { sound: true, notifications: false, letters: true };

/** @typedef {keyof typeof DEFAULTS} Setting */

export class Preferences {
  #storage;

  /** @param {import("lib/storage").Storage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {Setting} setting @returns {boolean} */
  on(setting) {
    const kept = this.#storage.get(`setting:${setting}`);
    return typeof kept === "boolean" ? kept : DEFAULTS[setting];
  }

  /** @param {Setting} setting @param {boolean} on */
  set(setting, on) {
    this.#storage.set(`setting:${setting}`, on);
  }
}

/**
 * The switches in the account menu.
 * @param {Preferences} preferences
 * @param {(setting: Setting, on: boolean) => void} onSwitch
 */
export function mountPreferences(preferences, onSwitch) {
  const hint = document.getElementById("notifications-hint");
  for (const button of document.querySelectorAll("[data-setting]")) {
    const setting = /** @type {Setting} */ (/** @type {HTMLElement} */ (button).dataset.setting);
    const show = () => {
      const blocked = setting === "notifications" && globalThis.Notification?.permission !== "granted";
      button.setAttribute("aria-checked", String(preferences.on(setting) && !blocked));
    };
    show();
    button.addEventListener("click", async () => {
      let on = button.getAttribute("aria-checked") !== "true";
      if (setting === "notifications" && on) {
        on = globalThis.Notification ? (await Notification.requestPermission()) === "granted" : false;
        if (hint) hint.hidden = on;
      }
      preferences.set(setting, on);
      show();
      onSwitch(setting, on);
    });
  }
}
