// The market in a few lines; each opens its chart.

import { attribute, byId, h, text } from "../dom.js";
import { grouped, num, signedPercent, symbolOf, tone } from "../format.js";
import { table } from "../table.js";

/** Make the list. Answers with what shows it. */
export function watch(onChoose) {
  const columns = [
    {
      label: "Instrument",
      cls: "key",
      by: (w) => symbolOf(w.instrument),
      build(row) {
        const node = h("button", { type: "button", class: "link", on: { click: () => onChoose(row.instrument) } });
        return {
          node,
          update: (entry) => {
            text(node, symbolOf(entry.instrument));
            attribute(node, "title", `${entry.instrument}: show the chart`);
          },
        };
      },
    },
    { label: "Last", cls: "n strong", by: (w) => num(w.last), cell: (w) => grouped(w.last) },
    { label: "Day", cls: "n", by: (w) => num(w.change_pct), cell: (w) => ({ text: signedPercent(w.change_pct), tone: tone(w.change_pct) }) },
  ];
  const show = table(byId("watch"), { label: "Market", columns, key: (w) => w.instrument, empty: "No price yet." });
  return (state) => show(state.watch ?? []);
}
