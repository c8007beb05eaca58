// @ts-check
// The colour pairs of tokens.css against WCAG 2.2: text 4.5:1 (1.4.3), control borders, focus and charts 3:1 (1.4.11), in both themes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../static/css/tokens.css", import.meta.url), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");

/** The custom properties of the first block whose selector matches. @param {RegExp} selector @returns {Record<string, string>} */
function block(selector) {
  const at = css.search(selector);
  assert.ok(at >= 0, `tokens.css has no block ${selector}`);
  const inside = css.slice(css.indexOf("{", at), css.indexOf("}", at));
  return Object.fromEntries([...inside.matchAll(/--([\w-]+)\s*:\s*([^;]+);/g)].map(([, name, value]) => [name, value.trim()]));
}

const light = block(/\[data-theme="light"\]\s*\{/);
const dark = block(/\n\[data-theme="dark"\]/);
const darkBySystem = block(/:root:not\(\[data-theme="light"\]\)/);

/** Relative luminance (WCAG 2.2). @param {string} hex */
function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {string} one @param {string} other */
function contrast(one, other) {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

const areas = ["canvas", "surface", "surface-sunken", "surface-raised"];
/** @type {[number, string[], string[]][]} least contrast, foregrounds, backgrounds */
const pairs = [
  [4.5, ["text", "text-2", "text-3", "action-text", "alert-text", "wait-text", "ok-text"], areas],
  [4.5, ["on-action"], ["action", "action-hover"]],
  [4.5, ["on-action-soft", "action-text", "text", "text-2", "text-3"], ["action-soft"]],
  [4.5, ["on-alert"], ["alert", "alert-hover"]],
  [4.5, ["alert-text", "text", "text-2"], ["alert-soft"]],
  [4.5, ["on-wait"], ["wait"]],
  [4.5, ["wait-text", "text", "text-2"], ["wait-soft"]],
  [4.5, ["on-ok"], ["ok"]],
  [4.5, ["ok-text", "text", "text-2"], ["ok-soft"]],
  [4.5, ["on-bubble-me", "on-bubble-me-2"], ["bubble-me"]],
  [4.5, ["on-bubble-them", "text-2", "text-3", "action-text"], ["bubble-them"]],
  [4.5, ["on-note", "on-note-2"], ["note"]],
  [4.5, ["on-nav", "on-nav-2"], ["nav", "nav-2", "tile"]],
  [4.5, ["on-brand", "on-brand-2"], ["brand", "brand-2", "brand-tile"]],
  [3, ["line-strong", "focus"], areas],
  [3, ["focus-on-nav"], ["nav", "nav-2"]],
  [3, ["action", "alert", "ok", "chart-1", "chart-2", "chart-3", "chart-4"], ["canvas", "surface"]],
];

test("the dark theme asked for by the system is the one chosen by hand", () => {
  assert.deepEqual(darkBySystem, dark);
  assert.deepEqual(Object.keys(dark).sort(), Object.keys(light).sort());
});

for (const [theme, tokens] of Object.entries({ light, dark })) {
  test(`every colour pair of the ${theme} theme can be read`, () => {
    const weak = pairs.flatMap(([least, foregrounds, backgrounds]) =>
      foregrounds.flatMap((fore) =>
        backgrounds
          .map((back) => ({ fore, back, least, ratio: contrast(tokens[fore], tokens[back]) }))
          .filter(({ ratio }) => !(ratio >= least))
          .map(({ back, ratio }) => `${fore} on ${back}: ${ratio.toFixed(2)}, needs ${least}`),
      ),
    );
    assert.deepEqual(weak, []);
  });
}
