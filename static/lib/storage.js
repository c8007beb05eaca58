// @ts-check
// The browser's local storage under one prefix, or memory where it is blocked. Never throws.

/**
 * @typedef {object} Storage
 * @property {boolean} persistent false: what is kept dies with the page; say so to the person
 * @property {(name: string) => any} get the parsed value, or null
 * @property {(name: string, value: any) => void} set
 * @property {(name: string) => void} remove
 * @property {(start: string) => string[]} names the kept names that begin with `start`
 */

/** @param {string} prefix @param {() => globalThis.Storage} [area] @returns {Storage} */
export function openStorage(prefix, area = () => localStorage) {
  /** @type {Map<string, string>} */
  const memory = new Map();
  /** @type {globalThis.Storage | null} */
  let disk = null;
  try {
    disk = area();
    disk.setItem(prefix + "?", "1");
    disk.removeItem(prefix + "?");
  } catch {
    disk = null;
  }
  return {
    persistent: disk !== null,
    get(name) {
      try {
        return JSON.parse(memory.get(name) ?? disk?.getItem(prefix + name) ?? "null");
      } catch {
        return null;
      }
    },
    set(name, value) {
      const text = JSON.stringify(value);
      try {
        if (disk) {
          disk.setItem(prefix + name, text);
          return void memory.delete(name);
        }
      } catch {
        // Full: memory still carries this page.
      }
      memory.set(name, text);
    },
    remove(name) {
      memory.delete(name);
      try {
        disk?.removeItem(prefix + name);
      } catch {
        // Blocked meanwhile: nothing to remove then.
      }
    },
    names(start) {
      const all = [...memory.keys()];
      try {
        for (const key of Object.keys(disk ?? {})) if (key.startsWith(prefix)) all.push(key.slice(prefix.length));
      } catch {
        // As above.
      }
      return all.filter((name) => name.startsWith(start));
    },
  };
}
