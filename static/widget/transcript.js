// @ts-check
// The conversation as a text file, made here: nothing is sent anywhere.

import { formatDateTime, formatTime, t } from "widget/texts";
import { rows } from "lib/timeline";
import { lineText } from "widget/lines";

/** @param {import("./model.js").State} state @param {string} site @returns {string} */
export function transcript({ chat, timeline }, site) {
  const out = [site, `${t("widget.protocol")}: ${chat.protocol}`, formatDateTime(chat.requested_at)];
  for (const row of rows(timeline, { side: "visitor" })) {
    if (row.kind === "day") out.push("", formatDateTime(row.at).split(/,? /)[0]);
    else if (row.kind === "line") out.push(...[lineText(row.entry)].filter(Boolean).map((text) => `[${formatTime(row.entry.at)}] ${text}`));
    else for (const message of row.messages) out.push(`[${formatTime(message.at)}] ${row.mine ? t("widget.you") : row.by?.name ?? site}: ${message.body}`);
  }
  return out.join("\r\n") + "\r\n";
}

/** @param {import("./main.js").App} app */
export async function download(app) {
  while (await app.earlier());
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", transcript(app.state, app.config.site.name)], { type: "text/plain" }));
  link.download = `${app.state.chat.protocol}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
