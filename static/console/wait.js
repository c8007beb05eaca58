// @ts-check
/**
 * How long somebody has waited, and how loudly to say so. Pure: knows no clock and no page.
 */

/** From this share of `wait_goal_seconds` on a wait is near the limit (design/README, Colour). */
const NEAR_GOAL_SHARE = 0.75;

/** @typedef {"calm" | "near" | "late"} WaitLevel */

/**
 * @param {number} waitedMs
 * @param {number} goalSeconds the department's `wait_goal_seconds`
 * @returns {WaitLevel}
 */
export function waitLevel(waitedMs, goalSeconds) {
  const goalMs = goalSeconds * 1000;
  if (waitedMs > goalMs) return "late";
  return waitedMs >= goalMs * NEAR_GOAL_SHARE ? "near" : "calm";
}

/**
 * The moment from which the person in the queue counts the wait: the request, or for a chat that had been
 * started before, its return to the queue.
 * @param {{requested_at: string, queued_at?: string | null, started_before?: boolean}} chat
 * @returns {number} in milliseconds since the epoch, by the server's clock
 */
export function waitingSinceMs(chat) {
  return Date.parse((chat.started_before && chat.queued_at) || chat.requested_at);
}
