// What follows from the desk's state: what is open, how a signal fared, how far from flat. Pure.

import { epoch, num, ruleValue, words } from "./format.js";

const OVER = new Set(["CLOSED", "ENTRY_CANCELLED"]);
const FINAL = new Set(["FILLED", "REJECTED", "CANCELLED"]);

/** Say whether a position holds something. */
export const isOpen = (position) => num(position.quantity) !== 0 && !OVER.has(position.state);

/** Say whether more is expected of an order. */
export const isWorking = (order) => !FINAL.has(order.state);

/** Return the positions that hold something, the newest first. */
export function openPositions(state) {
  return (state.positions ?? []).filter(isOpen).sort(newestFirst("opened_at"));
}

/** Return the positions that held something and are flat, the newest first. */
export function closedPositions(state) {
  return (state.positions ?? [])
    .filter((position) => !isOpen(position) && num(position.opened_quantity))
    .sort(newestFirst("closed_at"));
}

/** Return positions with what all legs of their plan come to together, null for a plan of one leg. */
export function withTogether(positions, combinations) {
  const known = new Map((combinations ?? []).map((plan) => [plan.id, plan]));
  return positions.map((position) => ({ ...position, together: known.get(position.combination) ?? null }));
}

/** Return a comparison that puts the latest moment of a field first. */
export function newestFirst(field) {
  return (one, other) => (epoch(other[field]) ?? 0) - (epoch(one[field]) ?? 0);
}

/** Return what keeps the desk from being flat: open positions, working orders, and whether none. */
export function toFlat(state) {
  const positions = (state?.positions ?? []).filter(isOpen).length;
  const orders = (state?.orders ?? []).filter(isWorking).length;
  return { positions, orders, isFlat: positions === 0 && orders === 0 };
}

/** Return what became of a signal: a word, a tone, and the reason in one line. */
export function outcome(signal) {
  const decision = signal.decision;
  if (decision?.approved) {
    return { word: "Approved", tone: "gain", reason: `${decision.quantity} units` };
  }
  if (decision) {
    const failed = (decision.verdicts ?? []).filter((verdict) => !verdict.passed);
    const reason = failed.map(told).join("; ") || (decision.refusals ?? []).map(words).join(", ");
    return { word: "Refused", tone: "loss", reason };
  }
  if (signal.why_not) return { word: "Not taken", tone: "muted", reason: words(signal.why_not) };
  return { word: "Waiting", tone: "muted", reason: "" };
}

function told(verdict) {
  const [measured, allowed] = [verdict.measured, verdict.allowed].map((text) => ruleValue(text, verdict.unit));
  return `${words(verdict.rule)}: ${measured}, allowed ${allowed}`;
}

/** Return verdicts with the failed ones first, otherwise as they came. */
export function failedFirst(verdicts) {
  return [...(verdicts ?? []).filter((v) => !v.passed), ...(verdicts ?? []).filter((v) => v.passed)];
}

/** Say whether a reason that only a person may lift, the operator's pause, blocks entries. */
export const isPaused = (state) => (state?.blocked_by ?? []).includes("operator");

/** Return what the pause button offers now: "pause", "resume", or "unlock" after a lock. */
export function offered(state) {
  if (state?.trading_state === "HALTED" || state?.trading_state === "FLATTENING") return "unlock";
  return isPaused(state) ? "resume" : "pause";
}

/** Return where `price` lies between two prices, 0 to 1 and clamped; null where they are one. */
export function between(low, high, price) {
  const [from, to, at] = [num(low), num(high), num(price)];
  if (from === null || to === null || at === null || from === to) return null;
  return Math.min(1, Math.max(0, (at - from) / (to - from)));
}

/** Return the instruments a chart can be asked for: held ones first, then opinions, then watched. */
export function chartable(state) {
  const keys = [
    ...openPositions(state).map((position) => position.instrument),
    ...closedPositions(state).map((position) => position.instrument),
    ...(state.watch ?? []).map((entry) => entry.instrument),
    ...(state.signals ?? []).map((signal) => signal.instrument),
  ];
  return [...new Set(keys.filter(Boolean))];
}
