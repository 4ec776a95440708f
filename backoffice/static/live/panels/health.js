// Whether feed, engine, recorder and the rest are well, in words and with a dot.

import { arrange, attribute, byId, h, text } from "../dom.js";
import { isEngineSilent } from "../freshness.js";
import { clock, epoch, grouped, num, words } from "../format.js";

const SILENT_SECONDS = 10;
const drawn = new Map();

/** Return [is well, what is told] of one part; `now` in seconds since the epoch. A silent engine looks at no price. */
export function wellness(name, part, now, isSilent = false) {
  if (name === "feed") {
    if (isSilent) return [false, `last price looked at ${clock(part.at)}`];
    const age = num(part.age_s);
    return [age !== null && age <= 5, `last price ${clock(part.at)}, ${grouped(age, 1)} s old`];
  }
  if (name === "recorder") {
    const lag = num(part.lag_records);
    return [lag !== null && lag < 1000, lag ? `${grouped(lag, 0)} records behind` : "up to date"];
  }
  const heard = part.heartbeat_at ?? part.at;
  const seconds = epoch(heard) === null ? null : Math.max(0, now - epoch(heard));
  const isWell = part.ok ?? (seconds !== null && seconds < SILENT_SECONDS);
  return [isWell, [part.detail, heard ? `heard ${grouped(seconds, 0)} s ago` : ""].filter(Boolean).join(", ") || (isWell ? "well" : "not answering")];
}

/** Show each part of the desk; parts the state doesn't tell are left out. */
export function showHealth(state) {
  const running = state.run?.state === "RUNNING";
  const now = Date.now() / 1000;
  const nodes = Object.entries(state.health ?? {})
    .filter(([, part]) => part && typeof part === "object")
    .map(([name, part]) => {
      if (!drawn.has(name)) drawn.set(name, h("li", {}, h("b", {}, words(name)), h("span", { class: "word" }), h("span", { class: "muted" })));
      const node = drawn.get(name);
      const [isWell, told] = wellness(name, part, now, isEngineSilent(state));
      attribute(node, "data-well", running ? String(isWell) : "idle");
      text(node.children[1], running ? (isWell ? "OK" : "Look here") : "idle");
      text(node.children[2], told);
      return node;
    });
  arrange(byId("health"), nodes);
}
