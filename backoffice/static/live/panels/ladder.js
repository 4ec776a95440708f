// One position between its stop and its last target, as a small drawing.

import { svg } from "../dom.js";
import { between } from "../facts.js";
import { grouped } from "../format.js";

const [WIDTH, HEIGHT, EDGE] = [132, 22, 6];

/** Return {node, update(position)} of the drawing; its title tells the same in words. */
export function ladder() {
  const title = svg("title");
  const loss = svg("rect", { y: 9, height: 4, rx: 2, class: "rail-loss" });
  const gain = svg("rect", { y: 9, height: 4, rx: 2, class: "rail-gain" });
  const stop = tick("stop");
  const entry = tick("entry");
  const first = tick("target");
  const second = tick("target");
  const last = svg("circle", { cy: 11, r: 4, class: "last" });
  const node = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "ladder", role: "img" }, title, loss, gain, stop, entry, first, second, last);
  return { node, update: (position) => draw({ title, loss, gain, stop, entry, first, second, last, node }, position) };
}

const tick = (kind) => svg("line", { y1: 4, y2: 18, class: `tick ${kind}` });

function draw(parts, position) {
  const far = position.target2 ?? position.target1;
  const place = (price) => {
    const share = between(position.stop, far, price);
    return share === null ? null : EDGE + share * (WIDTH - 2 * EDGE);
  };
  const [entry, last] = [place(position.average_entry), place(position.last)];
  parts.node.style.visibility = entry === null ? "hidden" : "visible";
  if (entry === null) return;
  span(parts.loss, EDGE, entry);
  span(parts.gain, entry, WIDTH - EDGE);
  put(parts.stop, EDGE);
  put(parts.entry, entry);
  put(parts.first, place(position.target1));
  put(parts.second, position.target2 ? WIDTH - EDGE : null);
  parts.last.setAttribute("visibility", last === null ? "hidden" : "visible");
  if (last !== null) parts.last.setAttribute("cx", last);
  parts.last.setAttribute("class", last !== null && last < entry ? "last loss" : "last gain");
  parts.title.textContent = `Stop ${grouped(position.stop)}, entry ${grouped(position.average_entry)}, last ${grouped(position.last)}, target ${grouped(far)}`;
}

function span(rect, from, to) {
  rect.setAttribute("x", from);
  rect.setAttribute("width", Math.max(0, to - from));
}

function put(line, x) {
  line.setAttribute("visibility", x === null ? "hidden" : "visible");
  if (x === null) return;
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
}
