// A table that is patched in place: focus, selection and opened rows survive each change.
// On a narrow screen the style sheet turns its rows into cards, so roles are told explicitly.

import { arrange, attribute, h, text } from "./dom.js";
import { afterPress, sorted } from "./sorting.js";

let tables = 0;

/**
 * Make a table in `root` and return the function that shows rows in it.
 *
 * `columns`: {label, cls, cell(row) -> text or {text, tone, title}, or build(row) -> {node, update}};
 * with by(row) -> number, text or null, too, its heading sorts the table when it is pressed.
 * `key(row)`: what tells rows apart. `detail(row)`: what opens beneath a row, or null for none.
 * `empty`: what is said when there are no rows.
 */
export function table(root, { label, columns, key, detail = null, empty }) {
  const id = `table-${(tables += 1)}`;
  const head = h("tr", { role: "row" }, detail && h("th", { role: "columnheader", class: "opener" }, h("span", { class: "hidden" }, "Details")));
  const headings = new Map(columns.map((column) => [column, heading(column, () => press(column))]));
  head.append(...headings.values());
  const body = h("tbody", { role: "rowgroup" });
  const none = h("p", { class: "empty" }, empty);
  const frame = h("table", { role: "table", "aria-label": label }, h("thead", { role: "rowgroup" }, head), body);
  root.replaceChildren(frame, none);
  const held = new Map();
  let [order, latest] = [null, []];

  function press(column) {
    order = afterPress(order, column);
    for (const [one, node] of headings) {
      attribute(node, "aria-sort", one === order?.column && (order.direction > 0 ? "ascending" : "descending"));
    }
    show(latest);
  }

  function show(present) {
    latest = present;
    const rows = order ? sorted(present, order.column.by, order.direction) : present;
    frame.hidden = rows.length === 0;
    none.hidden = rows.length > 0;
    const wanted = new Set(rows.map(key));
    for (const known of [...held.keys()]) if (!wanted.has(known)) held.delete(known);
    const nodes = rows.flatMap((row) => {
      const code = key(row);
      if (!held.has(code)) held.set(code, line(columns, detail, `${id}-${code}`));
      return held.get(code)(row);
    });
    arrange(body, nodes);
  }
  return show;
}

/** Return a column's heading; one that sorts is a button. */
function heading({ label, cls, by }, onPress) {
  const named = by ? h("button", { type: "button", class: "sort", title: `Sort by ${label}`, on: { click: onPress } }, label) : label;
  return h("th", { role: "columnheader", scope: "col", class: [cls, by && "sorts"].filter(Boolean).join(" ") }, named);
}

/** Return the function that patches one row and answers with its elements. */
function line(columns, detail, id) {
  const cells = columns.map((column, index) =>
    h(index ? "td" : "th", { role: index ? "cell" : "rowheader", scope: index ? null : "row", class: column.cls, "data-label": column.label }));
  const built = [];
  const opened = detail ? opener(detail, id, columns.length + 1) : null;
  const node = h("tr", { role: "row" }, opened?.cell, ...cells);
  return (row) => {
    columns.forEach((column, index) => {
      if (column.build) {
        if (!built[index]) {
          built[index] = column.build(row);
          cells[index].append(built[index].node);
        }
        built[index].update(row);
      } else fill(cells[index], column.cell(row));
    });
    return opened ? [node, ...opened.update(row)] : [node];
  };
}

function fill(cell, value) {
  const told = value !== null && typeof value === "object" ? value : { text: value };
  text(cell, told.text ?? "–");
  attribute(cell, "data-tone", told.tone || null);
  attribute(cell, "title", told.title || null);
}

function opener(detail, id, width) {
  const button = h("button", { type: "button", class: "open", "aria-expanded": "false", "aria-controls": id, "aria-label": "Show details" });
  const inside = h("td", { role: "cell", colspan: width, class: "inside" });
  const beneath = h("tr", { role: "row", class: "beneath", id }, inside);
  let [isShown, shown, present] = [false, null, null];
  const draw = () => {
    if (isShown && shown !== present) {
      const node = detail(present);
      if (inside.firstChild !== node) inside.replaceChildren(node);
      shown = present;
    }
  };
  button.addEventListener("click", () => {
    isShown = !isShown;
    attribute(button, "aria-expanded", String(isShown));
    attribute(button, "aria-label", isShown ? "Hide details" : "Show details");
    draw();
    if (isShown) button.closest("tr").after(beneath);
    else beneath.remove();
  });
  return {
    cell: h("td", { role: "cell", class: "opener" }, button),
    update(row) {
      present = row;
      draw();
      return isShown ? [beneath] : [];
    },
  };
}
