// What a price chart draws: bars, marks and the stop's path. Pure functions on plain values.

import { directionWord, epoch, multiple, num, words } from "./format.js";

/** Seconds by which India is ahead of UTC; the chart knows only UTC, so its times are moved. */
export const IST = 19_800;

/** Return bars with a newer version of the last, or a new bar, at the end. */
export function withBar(bars, bar) {
  const last = bars.at(-1);
  if (last === undefined || bar[0] > last[0]) return [...bars, bar];
  if (bar[0] === last[0]) return [...bars.slice(0, -1), bar];
  return bars;
}

/** Return 1-minute bars `[epoch_s, o, h, l, c, volume]` as bars of `minutes`, oldest first. */
export function resampled(bars, minutes) {
  const span = minutes * 60;
  const rows = [];
  for (const [at, open, high, low, close, volume] of bars) {
    const start = barTime(at, minutes);
    const last = rows.at(-1);
    if (last?.time === start) {
      last.high = Math.max(last.high, high);
      last.low = Math.min(last.low, low);
      last.close = close;
      last.volume += volume ?? 0;
    } else {
      rows.push({ time: start, open, high, low, close, volume: volume ?? 0, span });
    }
  }
  return rows;
}

/** Return the start of the bar that holds a moment, in the chart's time. */
export function barTime(seconds, minutes) {
  const span = minutes * 60;
  return Math.floor((seconds + IST) / span) * span;
}

/** Return the marks of an instrument: each order's fills as one, entries and exits with a reason. */
export function marks(state, instrument, minutes) {
  const orders = new Map((state.orders ?? []).map((order) => [order.client_id, order]));
  const positions = new Map((state.positions ?? []).map((position) => [position.plan_id, position]));
  const byOrder = new Map();
  for (const fill of state.fills ?? []) {
    if (fill.instrument !== instrument) continue;
    const mark = byOrder.get(fill.client_id) ?? { fill, quantity: 0 };
    byOrder.set(fill.client_id, { fill, quantity: mark.quantity + num(fill.quantity) });
  }
  return [...byOrder.values()]
    .map(({ fill, quantity }) => mark(fill, quantity, orders.get(fill.client_id), positions.get(fill.plan_id), minutes))
    .filter((found) => found.time !== null)
    .sort((one, other) => one.time - other.time);
}

function mark(fill, quantity, order, position, minutes) {
  const isBuy = fill.side === "BUY";
  const seconds = epoch(fill.at);
  return {
    time: seconds === null ? null : barTime(seconds, minutes),
    isBuy,
    isEntry: isEntry(fill, order, position),
    text: isEntry(fill, order, position)
      ? `${directionWord(isBuy ? 1 : -1)} ${quantity}${position ? ` · ${words(position.strategy)}` : ""}`
      : exitText(fill, quantity, order, position),
  };
}

function isEntry(fill, order, position) {
  if (order?.role) return order.role === "ENTRY";
  return position ? (fill.side === "BUY") === (num(position.direction) > 0) : true;
}

function exitText(fill, quantity, order, position) {
  const closing = position?.closed_at && epoch(fill.at) >= epoch(position.closed_at) - 1;
  if (closing) return `${words(position.exit_reason)} ${multiple(position.r)}`;
  return `${words(order?.reason || order?.role || "exit")} ${quantity}`;
}

/**
 * Return the path of the stops of an instrument's positions, one point a bar, gaps without value.
 *
 * `stops`: by plan, the moments (epoch seconds) and prices of each move, oldest first.
 */
export function stopPath(state, instrument, rows, stops) {
  const spans = (state.positions ?? [])
    .filter((position) => position.instrument === instrument && position.opened_at)
    .map((position) => ({
      from: epoch(position.opened_at) + IST,
      to: position.closed_at ? epoch(position.closed_at) + IST : Infinity,
      steps: (stops[position.plan_id] ?? []).map(([at, price]) => [at + IST, price]),
    }));
  return rows.map(({ time, span }) => {
    const held = spans.find(({ from, to }) => from < time + span && to >= time);
    const step = held?.steps.filter(([at]) => at < time + span).at(-1) ?? held?.steps[0];
    return step ? { time, value: step[1] } : { time };
  });
}

/** Return `stops` with a step wherever a position's present stop differs from the last one known. */
export function withStops(stops, state, instrument) {
  const next = { ...stops };
  for (const position of state.positions ?? []) {
    const price = num(position.stop);
    if (position.instrument !== instrument || price === null || position.closed_at) continue;
    const steps = next[position.plan_id] ?? [];
    if (steps.at(-1)?.[1] === price) continue;
    next[position.plan_id] = [...steps, [steps.length ? epoch(state.at) : epoch(position.opened_at), price]];
  }
  return next;
}

/** Return bars whose last one, or a new one, ends at `price`; for what has no bars of its own. */
export function withPrice(bars, seconds, price) {
  const value = num(price);
  if (value === null || seconds === null || !bars.length) return bars;
  const start = Math.floor(seconds / 60) * 60;
  const last = bars.at(-1);
  if (start < last[0]) return bars;
  if (start > last[0]) return [...bars, [start, value, value, value, value, 0]];
  return withBar(bars, [start, last[1], Math.max(last[2], value), Math.min(last[3], value), value, last[5]]);
}
