// @ts-check
// Which pre-chat fields are asked and what is wrong with an answer. Pure; gives keys of texts.

/**
 * @param {string} name
 * @param {{fields: Record<string, string>}} config the site's rules
 * @param {{offline?: boolean, carry?: boolean}} [now] offline: a message that somebody answers later needs an address and a text; carry: a text is waiting to be sent
 * @returns {"required" | "optional" | "off"}
 */
export function rule(name, { fields }, { offline = false, carry = false } = {}) {
  if (name === "consent") return "required";
  if (name === "marketing") return "optional";
  if (offline && (name === "message" || name === "email")) return "required";
  if (offline && name === "name" && fields.name === "off") return "optional";
  if (carry && name === "message" && fields.message === "off") return "optional";
  return /** @type {any} */ (fields[name] ?? "off");
}

/**
 * The department that a request would go to: the chosen one; else the site's own, unless only others are there and may be chosen.
 * @param {{fields: Record<string, string>, default_department_id?: string}} config
 * @param {{id: string, state: string}[]} departments @param {string} chosen @returns {string | null}
 */
export function target({ fields, default_department_id = "" }, departments, chosen) {
  if (chosen) return chosen;
  const own = departments.find((one) => one.id === default_department_id);
  if (fields.department === "off" || (own && own.state !== "offline")) return own?.id ?? null;
  return (departments.find((one) => one.state !== "offline") ?? own ?? departments[0])?.id ?? null;
}

const MISSING = {
  name: "widget.wrong.name",
  email: "widget.wrong.email",
  phone: "widget.wrong.phone",
  department: "widget.wrong.department",
  message: "widget.wrong.message",
  consent: "widget.wrong.consent",
};

/** @param {string} name @param {string | boolean} value @param {string} wanted its rule @returns {string} the key of a text that says what to fix, or "" */
export function problem(name, value, wanted) {
  if (wanted === "off") return "";
  if (!value) return wanted === "required" ? /** @type {any} */ (MISSING)[name] : "";
  if (name === "email") return emailProblem(String(value));
  if (name === "phone" && String(value).replace(/\D/g, "").length < 8) return "widget.wrong.phone_short";
  if (name === "message" && [...String(value)].length > 10_000) return "widget.wrong.long";
  return "";
}

/** Only what surely can't work: whether an address exists is known when it is written to. @param {string} value */
function emailProblem(value) {
  const [user, host, more] = value.split("@");
  if (host === undefined) return "widget.wrong.email_at";
  if (!user || !host || more !== undefined || /[\s,;]/.test(value)) return "widget.wrong.email_shape";
  return /[^.]\.[^.]{2,}$/.test(host) ? "" : "widget.wrong.email_end";
}
