// @ts-check
// The colour of text on a site's colour, by the same rule as the server's: WCAG 2.2 contrast of at least 4.5.

const LIGHT = "#ffffff";
const DARK = "#17211f";
const LEAST = 4.5;

/** @param {string} color @returns {[number, number, number] | null} */
export function parseColor(color) {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color.trim());
  return match ? [parseInt(match[1], 16), parseInt(match[2], 16), parseInt(match[3], 16)] : null;
}

/** @param {[number, number, number]} color */
function luminance(color) {
  const [r, g, b] = color.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {[number, number, number]} a @param {[number, number, number]} b */
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** @param {[number, number, number]} color */
const toHex = (color) => "#" + color.map((value) => value.toString(16).padStart(2, "0")).join("");

/** The site's colour, darkened where no text can be read on it, and the text on it. @param {string} text @returns {{background: string, text: string} | null} */
export function brandOf(text) {
  const color = parseColor(text);
  const light = parseColor(LIGHT), dark = parseColor(DARK);
  if (!color || !light || !dark) return null;
  if (contrast(color, light) >= LEAST) return { background: toHex(color), text: LIGHT };
  if (contrast(color, dark) >= LEAST) return { background: toHex(color), text: DARK };
  let darker = color;
  while (contrast(darker, light) < LEAST) darker = /** @type {[number, number, number]} */ (darker.map((value) => value - Math.floor(value / 32) - (value > 0 && value % 32 !== 0 ? 1 : 0)));
  return { background: toHex(darker), text: LIGHT };
}
