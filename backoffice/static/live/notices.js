// Short notices about what the operator asked for, and the few things said to a screen reader.

import { byId, h, text } from "./dom.js";

const SHOWN_MS = 8000;

/** Show a notice for some seconds; `tone` is "gain", "loss" or "warn". */
export function notice(message, tone) {
  const node = h("li", { "data-tone": tone }, message);
  byId("notices").append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}

/** Say something to those who listen rather than look; sparingly. */
export function announce(message) {
  text(byId("announcer"), message);
}
