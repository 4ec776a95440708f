// Why an opinion stood where it stood and what became of it, as text; asked for when it is opened.

import { h, text } from "../dom.js";

const told = new Map();

/**
 * Return the part of a row's details that tells why; the same element each time it is asked for.
 *
 * `place`: which table asks. `version`: what of the row must differ for it to be asked anew.
 */
export function why(fetchExplanation, place, signal, version) {
  const key = `${place} ${signal}`;
  if (!told.has(key)) told.set(key, part());
  const known = told.get(key);
  if (known.version !== version) {
    known.version = version;
    load(known, fetchExplanation, signal);
  }
  return known.node;
}

function part() {
  const note = h("p", { class: "empty" }, "Asking …");
  const lines = h("ol", { class: "words" });
  return { node: h("section", { class: "why-told" }, h("h4", {}, "Why, in words"), lines, note), lines, note, version: null };
}

async function load(known, fetchExplanation, signal) {
  const asked = known.version;
  const answer = await fetchExplanation(signal);
  if (known.version !== asked) return;
  if (answer.error) {
    text(known.note, answer.error);
    known.note.hidden = false;
    known.version = null;
    return;
  }
  known.lines.replaceChildren(...answer.lines.map(line));
  known.note.hidden = true;
}

/** Return one line; what is set in by spaces belongs to the line before. */
function line(words) {
  return h("li", { class: words.startsWith(" ") ? "inner" : null }, words.trim());
}
