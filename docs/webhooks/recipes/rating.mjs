// Tells the team's channel at once when somebody gave a bad rating. ALERT_URL is an "incoming webhook" of Slack, Mattermost,
// Rocket.Chat, Google Chat or whatever else takes {"text": …}.
//
//   PAPO_SECRET=whsec_… ALERT_URL=https://… node rating.mjs
import { serve } from "../receive.mjs";

const URL = process.env.ALERT_URL ?? "";
// Which ratings come is decided in Papo ("Only ratings up to 2"); a changed rating that was as bad before is no news.
const WORST_MAX = 2;

// These services read <…> and & as marks.
const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

serve(async (event) => {
  if (event.type !== "chat.rated" || (event.data.previous?.score ?? 6) <= WORST_MAX) return;
  const { chat, visitor, rating } = event.data;
  const lines = [
    `${"★".repeat(rating.score)}${"☆".repeat(5 - rating.score)} ${chat.protocol}: ${visitor.name ?? "?"}, ${rating.agent?.name ?? chat.department.name}`,
    rating.comment && `“${rating.comment}”`,
  ];
  const text = plain(lines.filter(Boolean).join("\n")) + `\n${chat.console_url}`;
  const answer = await fetch(URL, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`the channel answered ${answer.status}`); // we answer 500, and Papo tries again
});
