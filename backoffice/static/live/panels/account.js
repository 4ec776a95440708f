// The account in figures.

import { arrange, attribute, byId, h, text } from "../dom.js";
import { grouped, num, percent, rupees, signedPercent, signedRupees, tone } from "../format.js";

const FIGURES = [
  ["Equity", (a) => [rupees(a.equity), "", `of ${rupees(a.capital, 0)}`]],
  ["Day P&L", (a) => [signedRupees(a.day_profit), tone(a.day_profit), signedPercent(ofCapital(a.day_profit, a))]],
  ["Unrealised", (a) => [signedRupees(a.unrealised), tone(a.unrealised), `${grouped(a.positions_open, 0)} open`]],
  ["Realised", (a) => [signedRupees(a.realised), tone(a.realised), "after charges"]],
  ["Charges", (a) => [rupees(a.charges), "", percent(ofCapital(a.charges, a), 2)]],
  ["Drawdown", (a) => [rupees(a.drawdown), num(a.drawdown) > 0 ? "loss" : "", percent(ofCapital(a.drawdown, a), 2)]],
];

function ofCapital(value, account) {
  const [part, whole] = [num(value), num(account.capital)];
  return part === null || !whole ? null : (part / whole) * 100;
}

/** Show the account. */
export function showAccount(state) {
  const root = byId("account");
  if (!root.children.length) {
    arrange(root, FIGURES.map(([name]) => h("div", { class: "figure" }, h("dt", {}, name), h("dd", { class: "main" }), h("dd", { class: "side" }))));
  }
  FIGURES.forEach(([, tell], index) => {
    const [main, side] = root.children[index].querySelectorAll("dd");
    const [value, colour, note] = tell(state.account ?? {});
    text(main, value);
    attribute(main, "data-tone", colour || null);
    text(side, note);
  });
}
