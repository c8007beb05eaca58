// @ts-check
// How strong a new password looks: 0 too short, 1 to 4. A hint, no rule: the server decides.

const LEAST = 10;

/** @param {string} text @returns {0 | 1 | 2 | 3 | 4} */
export function strengthOf(text) {
  const length = [...text].length;
  if (length < LEAST) return 0;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(text)).length;
  const different = new Set(text).size;
  const points = Math.min(length, 24) / 6 + kinds / 2 + Math.min(different, 12) / 6;
  return different < 5 ? 1 : points >= 6.5 ? 4 : points >= 5 ? 3 : points >= 4 ? 2 : 1;
}
