// How near the desk is to its limits. Pure functions; drawing them is `panels/risk.js`.

import { grouped, num, rupees } from "./format.js";

export const AMBER = 50;
export const RED = 75;

/** Return the level of a percentage: below 50 "green", below 75 "amber", from there on "red". */
export function level(percentage) {
  if (percentage === null) return "none";
  if (percentage < AMBER) return "green";
  return percentage < RED ? "amber" : "red";
}

export const WORDS = { green: "within limits", amber: "elevated", red: "near the limit", none: "no limit known" };

/** Return `used` as a percentage of `limit`; null without a limit above 0, 0 for less than nothing. */
export function share(used, limit) {
  const [part, whole] = [num(used), num(limit)];
  if (part === null || whole === null || whole <= 0) return null;
  return (Math.max(0, part) / whole) * 100;
}

function gauge(name, used, limit, tell) {
  const percentage = share(used, limit);
  return { name, percentage, level: level(percentage), used: tell(used), limit: tell(limit) };
}

const inRupees = (value) => rupees(value, 0);
const inUnits = (value) => grouped(value, 0);

/** Return the account's gauges, in the order they are shown; the loss of a winning day is 0. */
export function gauges(account) {
  const profit = num(account.day_profit);
  const loss = profit === null ? null : Math.max(0, -profit);
  const found = [
    gauge("Heat", account.heat, account.heat_limit, inRupees),
    gauge("Daily loss", loss, account.daily_loss_limit, inRupees),
    gauge("Positions", account.positions_open, account.positions_limit, inUnits),
    gauge("Margin", account.margin_used, account.margin_limit ?? account.equity, inRupees),
  ];
  if (num(account.order_rate) !== null) {
    found.push(gauge("Orders per second", account.order_rate, account.order_rate_limit, inUnits));
  }
  return found;
}
