// Orders and positions of somebody else in the same account: seen and counted, never touched.

import { arrange, attribute, byId, h, text } from "../dom.js";

function line(entry) {
  const what = entry.kind === "order" ? `order, ${entry.filled} filled` : "position";
  const price = entry.price === null ? "" : ` at ${entry.price.toFixed(2)}`;
  return h("li", {},
    h("b", {}, `${entry.side} ${entry.quantity} ${entry.instrument}`),
    h("span", { class: "muted" }, `${what}${price}`));
}

/** Answer with what shows the list; its panel hides while there is nothing. */
export function foreign() {
  return (state) => {
    const entries = state.foreign ?? [];
    arrange(byId("foreign"), entries.map(line));
    text(byId("foreign-count"), String(entries.length));
    attribute(byId("foreign-panel"), "hidden", entries.length === 0);
  };
}
