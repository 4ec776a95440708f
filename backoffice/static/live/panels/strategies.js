// What each strategy has come to, from booked trades.

import { byId } from "../dom.js";
import { grouped, num, percent, signedRupees, tone, words } from "../format.js";
import { table } from "../table.js";

const inPercent = (share) => (num(share) === null ? null : num(share) * 100);

const columns = [
  { label: "Strategy", cls: "key wordy", by: (s) => words(s.name), cell: (s) => words(s.name) },
  { label: "Trades", cls: "n", by: (s) => num(s.trades), cell: (s) => grouped(s.trades, 0) },
  { label: "Won · lost", cls: "n", by: (s) => num(s.wins), cell: (s) => `${grouped(s.wins, 0)} · ${grouped(s.losses, 0)}` },
  { label: "Win rate", cls: "n", by: (s) => num(s.win_rate), cell: (s) => percent(inPercent(s.win_rate), 0) },
  { label: "A trade", cls: "n", by: (s) => num(s.expectancy), cell: (s) => ({ text: signedRupees(s.expectancy), tone: tone(s.expectancy), title: "Mean net profit of a trade" }) },
  { label: "Net", cls: "n strong result", by: (s) => num(s.net), cell: (s) => ({ text: signedRupees(s.net), tone: tone(s.net) }) },
];

/** Make the table. Answers with what shows it. */
export function strategies() {
  const show = table(byId("strategies"), { label: "Strategies", columns, key: (s) => s.name, empty: "No trade has been booked yet." });
  return (state) => show(state.strategies ?? []);
}
