// The orders of the day, each with its life.

import { byId, h, text } from "../dom.js";
import { isWorking, newestFirst } from "../facts.js";
import { clock, epoch, grouped, num, symbolOf, words } from "../format.js";
import { table } from "../table.js";

const TONES = { FILLED: "gain", REJECTED: "loss", UNKNOWN: "loss", CANCELLED: "muted" };

const columns = [
  { label: "Instrument", cls: "key", by: (o) => symbolOf(o.instrument), cell: (o) => ({ text: symbolOf(o.instrument), title: o.instrument }) },
  { label: "Time", cls: "n", by: (o) => epoch(o.at), cell: (o) => clock(o.at) },
  { label: "For", cls: "side", by: (o) => words(o.role), cell: (o) => words(o.role) },
  { label: "Side", cls: "side", by: (o) => o.side, cell: (o) => ({ text: words(o.side), tone: o.side === "BUY" ? "gain" : "loss" }) },
  { label: "Type", cls: "side", by: (o) => o.order_type, cell: (o) => o.order_type },
  { label: "Filled", cls: "n", by: (o) => num(o.filled_quantity), cell: (o) => `${grouped(o.filled_quantity, 0)} / ${grouped(o.quantity, 0)}` },
  { label: "Price", cls: "n", by: (o) => num(o.price), cell: (o) => grouped(o.price) },
  { label: "Trigger", cls: "n", by: (o) => num(o.trigger_price), cell: (o) => grouped(o.trigger_price) },
  { label: "Average", cls: "n", by: (o) => num(o.average_price), cell: (o) => grouped(o.average_price) },
  { label: "State", cls: "side", by: (o) => words(o.state), cell: (o) => ({ text: words(o.state), tone: TONES[o.state] ?? "warn", title: o.reason }) },
  { label: "Order", cls: "code", by: (o) => o.client_id, cell: (o) => ({ text: o.client_id, title: o.broker_id ? `broker: ${o.broker_id}` : "not yet known to the broker" }) },
];

/** Make the table. Answers with what shows it; working orders stand first. */
export function orders() {
  const show = table(byId("orders"), { label: "Orders", columns, key: (o) => o.id, detail: life, empty: "No order yet." });
  return (state) => {
    const rows = [...(state.orders ?? [])].sort(newestFirst("at"));
    const working = rows.filter(isWorking);
    show([...working, ...rows.filter((order) => !isWorking(order))]);
    text(byId("working-count"), String(working.length));
    text(byId("order-count"), String(rows.length));
  };
}

function life(order) {
  const steps = (order.life ?? []).map((step) =>
    h("li", {},
      h("time", { class: "n" }, clock(step.at)),
      h("b", {}, words(step.event)),
      h("span", { class: "muted" }, [step.event === step.state ? "" : words(step.state), prices(step), step.reason].filter(Boolean).join(" · "))));
  const facts = [order.product, order.validity, num(order.modifications) ? `${order.modifications} changes` : "", order.plan_id, order.broker_id && `broker ${order.broker_id}`];
  return h("div", {}, h("ol", { class: "life" }, ...steps), h("p", { class: "sum" }, facts.filter(Boolean).join(" · ")));
}

function prices(step) {
  const told = [];
  if (num(step.trigger_price) !== null) told.push(`trigger ${grouped(step.trigger_price)}`);
  if (num(step.price) !== null) told.push(`price ${grouped(step.price)}`);
  return told.join(", ");
}
