// @ts-check
// What happened in a chat, in the visitor's words.

import { formatNumber, formatTime, t } from "widget/texts";

/** @param {import("../lib/timeline.js").Entry} entry @returns {string} "" for what needs no line */
export function lineText({ type, data, at, by }) {
  const time = formatTime(at);
  switch (type) {
    case "requested":
      return t("widget.line.requested", { department: data.department.name, time });
    case "started":
      return t("widget.line.started", { name: data.agent.name, time });
    case "transferred":
      if (data.reason !== "transferred") return t("widget.line.returned");
      return data.to.agent ? t("widget.line.to_agent", { name: data.to.agent.name }) : t("widget.line.to_department", { name: data.to.department.name });
    case "location_asked":
      return t("widget.line.location_asked", { name: by.name ?? "" });
    case "located":
      if (data.latitude === undefined) return t("widget.line.located_gone");
      return t("widget.line.located", { place: [data.latitude, data.longitude].map((degrees) => formatNumber(degrees, { maximumFractionDigits: 5 })).join("; "), meters: Math.round(data.accuracy_m) });
    case "location_revoked":
      return t("widget.line.location_revoked");
    case "finished":
      return t(by.kind === "visitor" && data.reason === "closed" ? "widget.line.finished_by_you" : "widget.line.finished", { time });
    case "abandoned":
      return t("widget.line.abandoned", { time });
    case "missed":
      return t("widget.line.missed", { time });
    default:
      return "";
  }
}
