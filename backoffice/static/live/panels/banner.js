// The line under the bar that says when the page is not the present, and what still works.

import { attribute, byId, text } from "../dom.js";

const TEXTS = {
  stale: (seconds) =>
    `No change for ${seconds} s while a session is running. Figures may be old; the engine's exits do not depend on this page.`,
  polling: () => "The live connection is down; figures come by plain requests and are some seconds old. All controls work.",
  down: () => "The desk cannot be reached; reconnecting. Figures are from before; an engine that runs goes on with its exits.",
  engineless: () =>
    "The engine gives no sign of life: figures are the last known, and controls wait until it is back. Live, stops that rest at the exchange stay there.",
  "signed-out": () => "You are signed out. Reload the page to sign in again.",
};

/** Show the banner a standing calls for, or none. */
export function showBanner(standing, silentMs) {
  const banner = byId("banner");
  const told = TEXTS[standing]?.(Math.floor(silentMs / 1000)) ?? "";
  attribute(banner, "data-standing", standing);
  banner.hidden = !told;
  text(banner.firstElementChild, told);
  document.body.toggleAttribute("data-old", ["stale", "down", "engineless"].includes(standing));
}
