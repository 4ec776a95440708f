// What happened, newest first.

import { arrange, byId, h } from "../dom.js";
import { clock, words } from "../format.js";

const SHOWN = 80;
const drawn = new Map();

function line(event) {
  const limits = event.measured || event.allowed ? ` (measured ${event.measured}, allowed ${event.allowed})` : "";
  const severity = (event.severity ?? "info").toLowerCase();
  return h("li", { "data-severity": severity },
    h("time", { class: "n" }, clock(event.at)),
    h("span", { class: "kind" }, severity === "info" ? words(event.name) : `${words(severity)}: ${words(event.name)}`),
    h("span", {}, `${event.text ?? ""}${limits}`));
}

/** Show the newest events. */
export function showEvents(state) {
  const newest = (state.events ?? []).slice(0, SHOWN);
  const keys = new Set(newest.map((event) => event.id));
  for (const key of [...drawn.keys()]) if (!keys.has(key)) drawn.delete(key);
  const nodes = newest.map((event) => {
    if (!drawn.has(event.id)) drawn.set(event.id, line(event));
    return drawn.get(event.id);
  });
  arrange(byId("events"), nodes);
  byId("no-events").hidden = newest.length > 0;
}
