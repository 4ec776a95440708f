// The bar at the top: mode, state, both clocks, connection, the day's profit.

import { attribute, byId, text } from "../dom.js";
import { clock, day, num, signedRupees, tone, words } from "../format.js";
import { isPaused } from "../facts.js";
import { isEngineSilent } from "../freshness.js";

const STANDINGS = {
  live: "Live",
  stale: "Stale",
  polling: "Reconnecting",
  down: "Offline",
  idle: "Connected",
  engineless: "No engine",
  connecting: "Connecting",
  "signed-out": "Signed out",
};

/** Show what stands in the bar. */
export function showHeader(state) {
  const run = state?.run;
  text(byId("mode"), run?.mode ?? "NO SESSION");
  attribute(byId("mode"), "data-mode", run?.mode ?? "none");
  text(byId("desk-clock"), clock(state?.at));
  text(byId("desk-date"), `${day(state?.at ?? run?.date)}, IST`);
  const speed = num(run?.speed);
  text(byId("speed"), speed && speed !== 1 ? `${speed}×` : "");
  const told = tradingState(state);
  text(byId("trading-state"), told.text);
  attribute(byId("trading-state"), "data-tone", told.tone);
  const profit = byId("day-profit");
  text(profit, signedRupees(state?.account?.day_profit));
  attribute(profit, "data-tone", tone(state?.account?.day_profit) || null);
}

/** Return the trading state in words, with every reason that blocks entries; a silent engine's as the last known. */
export function tradingState(state) {
  if (!state?.run) return { text: "No session", tone: "muted" };
  if (state.run.state !== "RUNNING") return { text: `Session ${words(state.run.state).toLowerCase()}`, tone: "muted" };
  const told = toldState(state);
  return isEngineSilent(state) ? { text: `No engine; was ${told.text}`, tone: "loss" } : told;
}

function toldState(state) {
  const blocked = (state.blocked_by ?? []).map((reason) => (reason === "operator" ? "paused" : reason));
  if (state.trading_state === "OPEN") return { text: "Trading", tone: "gain" };
  const name = isPaused(state) && blocked.length === 1 ? "Paused" : words(state.trading_state);
  const reasons = blocked.filter((reason) => name !== "Paused" || reason !== "paused");
  return { text: reasons.length ? `${name}: ${reasons.join(", ")}` : name, tone: state.trading_state === "REDUCE_ONLY" ? "warn" : "loss" };
}

/** Show the page's own clock; called every second. */
export function showWallClock() {
  text(byId("wall-clock"), clock(new Date()));
}

/** Show how the page is connected. */
export function showStanding(standing, silentMs) {
  const badge = byId("connection");
  const seconds = Math.floor(silentMs / 1000);
  text(badge, standing === "stale" ? `Stale ${seconds} s` : STANDINGS[standing]);
  attribute(badge, "data-standing", standing);
}
