// What is held now, and what was held today.

import { attribute, byId, h, text } from "../dom.js";
import { closedPositions, openPositions, withTogether } from "../facts.js";
import { clock, directionWord, epoch, grouped, multiple, num, percent, rupees, signedRupees, symbolOf, tone, words } from "../format.js";
import { table } from "../table.js";
import { ladder } from "./ladder.js";
import { why } from "./why.js";

const toned = (value, written) => ({ text: written(value), tone: tone(value) });
const price = (value) => grouped(value, 2);

const SIDE = { label: "Side", cls: "side", by: (p) => directionWord(p.direction), cell: (p) => ({ text: directionWord(p.direction), tone: num(p.direction) > 0 ? "gain" : "loss" }) };
const STRATEGY = { label: "Strategy", cls: "wordy", by: (p) => words(p.strategy), cell: (p) => words(p.strategy) };
const TOGETHER = {
  label: "All legs",
  cls: "n wide legs",
  by: (p) => num(p.together?.net),
  cell: ({ together: plan }) =>
    plan ? { ...toned(plan.net, signedRupees), title: `${words(plan.kind)} ${plan.id}: ${plan.legs.length} legs, entered at ${price(plan.entry)}, stop ${price(plan.stop_now ?? plan.stop)}, worst ${multiple(plan.mae_r)}, best ${multiple(plan.mfe_r)}; closing one leg closes all` } : "–",
};
/** Return what holding a plan of several legs to its first expiry can bring, in one line. */
export function outlookOf(outlook) {
  if (!outlook) return "–";
  const bounded = (value) => (num(value) === null ? "without a known bound" : rupees(value, 0));
  const chance = num(outlook.probability_of_profit);
  const evens = (outlook.break_evens ?? []).map((level) => grouped(level, 2)).join(" · ");
  return [
    `${chance === null ? "chance unknown" : `${percent(chance * 100, 0)} in profit`}`,
    `loss ${bounded(outlook.max_loss)}`,
    `gain ${bounded(outlook.max_profit)}`,
    evens ? `even at ${evens}` : "",
  ].filter(Boolean).join(", ");
}

const OUTLOOK = {
  label: "At expiry",
  cls: "wide legs",
  cell: ({ together: plan }) => (plan ? { text: outlookOf(plan.outlook), title: "Held to the first expiry, all legs, before costs; as it was when the plan was made" } : "–"),
};
const R = { label: "R", cls: "n", by: (p) => num(p.r), cell: (p) => toned(p.r, multiple) };

function instrument(onChoose) {
  return {
    label: "Instrument",
    cls: "key",
    by: (p) => symbolOf(p.instrument),
    build(row) {
      let present = row;
      const node = h("button", { type: "button", class: "link", on: { click: () => onChoose(present.instrument) } });
      return {
        node,
        update(position) {
          present = position;
          text(node, symbolOf(position.instrument));
          attribute(node, "title", `${position.instrument}: show the chart`);
        },
      };
    },
  };
}

const cover = {
  label: "Covered",
  cls: "n",
  by: (p) => num(p.confirmed),
  cell: (p) => {
    const [asked, covered, held] = [num(p.protected), num(p.confirmed), Math.abs(num(p.quantity))];
    if (!covered && !asked && num(p.stop) === null) return { text: "–", tone: "", title: "No stop of its own rests: its plan's other legs bound the loss, and it leaves with them" };
    const waiting = asked > covered ? `; ${grouped(asked - covered, 0)} more asked for and not confirmed yet` : "";
    return { text: `${grouped(covered, 0)}/${grouped(held, 0)}`, tone: covered === held ? "" : "loss", title: `Units for which the exchange has confirmed a stop or an exit${waiting}` };
  },
};

function openColumns(onChoose, onClose) {
  return [
    instrument(onChoose),
    SIDE,
    STRATEGY,
    { label: "Qty", cls: "n", by: (p) => Math.abs(num(p.quantity)), cell: (p) => ({ text: grouped(Math.abs(num(p.quantity)), 0), title: `opened ${grouped(p.opened_quantity, 0)}` }) },
    { label: "Entry", cls: "n", by: (p) => num(p.average_entry), cell: (p) => price(p.average_entry) },
    { label: "Last", cls: "n strong", by: (p) => num(p.last), cell: (p) => price(p.last) },
    { label: "Stop → target", cls: "draw", build: ladder },
    { label: "Stop", cls: "n", by: (p) => num(p.stop), cell: (p) => price(p.stop) },
    { label: "Targets", cls: "n wide", by: (p) => num(p.target1), cell: (p) => [p.target1, p.target2].filter((t) => num(t) !== null).map(price).join(" · ") || "–" },
    cover,
    R,
    { label: "P&L", cls: "n strong result", by: (p) => num(p.net), cell: (p) => ({ ...toned(p.net, signedRupees), title: `Unrealised ${signedRupees(p.unrealised)}, realised ${signedRupees(p.gross)}, charges ${grouped(p.charges)}` }) },
    TOGETHER,
    OUTLOOK,
    ...(onClose ? [{ label: "", cls: "act", build: closer(onClose) }] : []),
  ];
}

function closer(onClose) {
  return (row) => {
    let present = row;
    const node = h("button", { type: "button", class: "small", on: { click: () => onClose(present) } }, "Close");
    return {
      node,
      update(position) {
        present = position;
        attribute(node, "aria-label", `Close ${symbolOf(position.instrument)}`);
        node.disabled = position.state === "CLOSING";
      },
    };
  };
}

const closedColumns = (onChoose) => [
  instrument(onChoose),
  SIDE,
  STRATEGY,
  { label: "Qty", cls: "n", by: (p) => Math.abs(num(p.opened_quantity)), cell: (p) => grouped(Math.abs(num(p.opened_quantity)), 0) },
  { label: "Entry", cls: "n", by: (p) => num(p.average_entry), cell: (p) => price(p.average_entry) },
  { label: "Exit", cls: "n", by: (p) => num(p.average_exit), cell: (p) => price(p.average_exit) },
  { label: "Opened", cls: "n", by: (p) => epoch(p.opened_at), cell: (p) => clock(p.opened_at) },
  { label: "Closed", cls: "n", by: (p) => epoch(p.closed_at), cell: (p) => clock(p.closed_at) },
  { label: "Reason", cls: "wordy", by: (p) => words(p.exit_reason), cell: (p) => words(p.exit_reason) },
  { label: "Worst · best", cls: "n wide", by: (p) => num(p.mae_r), cell: (p) => ({ text: `${multiple(p.mae_r)} · ${multiple(p.mfe_r)}`, title: "Farthest against and for the position, in units of risk" }) },
  R,
  { label: "Net", cls: "n strong result", by: (p) => num(p.net), cell: (p) => ({ ...toned(p.net, signedRupees), title: `Gross ${signedRupees(p.gross)}, charges ${grouped(p.charges)}` }) },
  TOGETHER,
  OUTLOOK,
];

/** Make both tables; `onClose` is null for one who may not close. Answers with what shows them. */
export function positions({ onChoose, onClose, fetchExplanation }) {
  const key = (position) => position.id;
  const detail = (position) => why(fetchExplanation, "positions", position.signal_id, position.state);
  const showOpen = table(byId("open-positions"), { label: "Open positions", columns: openColumns(onChoose, onClose), key, detail, empty: "Nothing is held." });
  const showClosed = table(byId("closed-positions"), { label: "Closed positions", columns: closedColumns(onChoose), key, detail, empty: "Nothing has been closed today." });
  return (state) => {
    const [open, closed] = [openPositions(state), closedPositions(state)].map((held) => withTogether(held, state.combinations));
    for (const [id, rows] of [["open-positions", open], ["closed-positions", closed]]) attribute(byId(id), "data-legs", rows.some((row) => row.together));
    showOpen(open);
    showClosed(closed);
    text(byId("open-count"), String(open.length));
    text(byId("closed-count"), String(closed.length));
  };
}
