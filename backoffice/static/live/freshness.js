// Whether what the page shows is the present. Pure functions; banners and badges are shown elsewhere.

export const STALE_AFTER_MS = 3000;

/** Say whether a session is going on that should bring changes. */
export const isRunning = (state) => state?.run?.state === "RUNNING";

/** Say whether a session is going on whose engine is known to give no sign of life. */
export const isEngineSilent = (state) => isRunning(state) && state.health?.engine?.ok === false;

/** Return how old a snapshot already was when the server sent it, in ms; 0 where it doesn't say. */
export function ageWhenSent(message) {
  const age = Date.parse(message.sent_at) - Date.parse(message.state?.wall_at);
  return Number.isFinite(age) ? Math.max(0, age) : 0;
}

/**
 * Return the page's standing: "live", "stale", "polling" (socket down, plain requests answered),
 * "down", "idle" (nothing is running), "engineless" (the page is fresh, the engine silent),
 * "signed-out" or "connecting".
 *
 * `silentMs`: since the last new sequence number; exactly 3 s is not yet stale.
 */
export function standing({ socket, polling, signedOut, state, silentMs }) {
  if (signedOut) return "signed-out";
  if (state === undefined) return "connecting";
  if (socket !== "open") return polling ? "polling" : "down";
  if (!isRunning(state)) return "idle";
  if (silentMs > STALE_AFTER_MS) return "stale";
  return isEngineSilent(state) ? "engineless" : "live";
}
