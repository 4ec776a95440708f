// Strategies in quarantine and scopes the kill switch has closed: each waits for a person.

import { arrange, attribute, byId, h, text } from "../dom.js";
import { clock, words } from "../format.js";

const AGAIN = {
  strategy: { label: "Release", told: (subject) => `${words(subject)}, in quarantine` },
  scope: { label: "Unlock", told: (subject) => `${subject}, closed by the kill switch` },
};
const drawn = new Map();

function line(entry, onAgain) {
  const { label, told } = AGAIN[entry.kind];
  const button = onAgain && h("button", { type: "button", class: "small", "aria-label": `${label} ${entry.subject}`, on: { click: () => onAgain(entry) } }, label);
  return h("li", {},
    h("b", {}, told(entry.subject)),
    h("span", { class: "muted" }, `since ${clock(entry.at)}: ${entry.text}`),
    button);
}

/** Make the list; `onAgain` is null for one who may not allow anything. Answers with what shows it. */
export function aside(onAgain) {
  return (state) => {
    const entries = state.aside ?? [];
    const keys = new Set(entries.map((entry) => `${entry.id} ${entry.at}`));
    for (const key of [...drawn.keys()]) if (!keys.has(key)) drawn.delete(key);
    const nodes = entries.map((entry) => {
      const key = `${entry.id} ${entry.at}`;
      if (!drawn.has(key)) drawn.set(key, line(entry, onAgain));
      return drawn.get(key);
    });
    arrange(byId("aside"), nodes);
    text(byId("aside-count"), String(entries.length));
    attribute(byId("aside-panel"), "hidden", entries.length === 0);
  };
}
