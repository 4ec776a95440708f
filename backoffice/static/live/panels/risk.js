// The gauges: how near the desk is to each limit, told by length, colour and words.

import { arrange, attribute, byId, h, text } from "../dom.js";
import { percent } from "../format.js";
import { gauges, WORDS } from "../gauges.js";

const drawn = new Map();

function make(name) {
  const fill = h("i", {});
  const bar = h("div", { class: "bar", role: "meter", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const [figures, word] = [h("span", { class: "figures" }), h("span", { class: "word" })];
  const node = h("li", { class: "gauge" }, h("span", { class: "name" }, name), figures, bar, word);
  return { node, fill, bar, figures, word };
}

function show(part, gauge) {
  const full = gauge.percentage ?? 0;
  part.fill.style.width = `${Math.min(100, full)}%`;
  attribute(part.node, "data-level", gauge.level);
  attribute(part.bar, "aria-valuenow", Math.round(Math.min(100, full)));
  attribute(part.bar, "aria-valuetext", `${percent(gauge.percentage, 0)}, ${WORDS[gauge.level]}`);
  text(part.figures, gauge.percentage === null ? gauge.used : `${gauge.used} of ${gauge.limit}`);
  text(part.word, gauge.percentage === null ? WORDS.none : `${percent(gauge.percentage, 0)} · ${WORDS[gauge.level]}`);
}

/** Show the gauges of the account. */
export function showRisk(state) {
  const found = gauges(state.account ?? {});
  for (const gauge of found) {
    if (!drawn.has(gauge.name)) drawn.set(gauge.name, make(gauge.name));
    show(drawn.get(gauge.name), gauge);
  }
  arrange(byId("gauges"), found.map((gauge) => drawn.get(gauge.name).node));
}
