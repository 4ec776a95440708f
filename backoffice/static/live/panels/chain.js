// The option chain: quotes, volatility, greeks and open interest by strike, asked for while in view.

import { attribute, byId, h, text } from "../dom.js";
import { clock, grouped, num, percent, signed } from "../format.js";
import { isRunning } from "../freshness.js";
import { table } from "../table.js";

const EVERY_MS = 2000;
const inPercent = (share, places = 1) => percent(num(share) === null ? null : num(share) * 100, places);
const EXPIRY = new Intl.DateTimeFormat("en-IN", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

const FIGURES = [
  ["OI", "Units open", (o) => grouped(o.oi, 0)],
  ["Volume", "Units traded today", (o) => grouped(o.volume, 0)],
  ["Vega", "Rupees a point of volatility", (o) => grouped(o.vega, 2)],
  ["Theta", "Rupees a day", (o) => signed(o.theta, 2)],
  ["Gamma", "Delta by the forward's rupee", (o) => grouped(o.gamma, 5)],
  ["Delta", "By the forward's rupee", (o) => signed(o.delta, 2)],
  ["IV", "Implied volatility of its own mid", (o) => inPercent(o.iv)],
  ["Bid", "Best bid", (o) => grouped(o.bid)],
  ["Ask", "Best ask", (o) => grouped(o.ask)],
];

function cells(side, figures) {
  return figures.map(([label, meaning, told]) => ({
    label: `${side === "call" ? "C" : "P"} ${label}`,
    cls: "n",
    cell: (row) => ({ text: told(row[side]), title: row[side].fault ? `${meaning}: ${row[side].fault}` : meaning, tone: row[side].fault ? "muted" : "" }),
  }));
}

const columns = [
  ...cells("call", FIGURES),
  { label: "Strike", cls: "n strong strike", cell: (row) => ({ text: [grouped(row.strike, num(row.strike) % 1 ? 2 : 0), ...row.marks].join(" · "), tone: row.marks.includes("ATM") ? "atm" : "" }) },
  ...cells("put", [...FIGURES].reverse()),
];

const FACTS = [
  ["Spot", (c) => grouped(c.spot)],
  ["Forward", (c) => grouped(c.forward), (c) => (c.pairs ? `by put-call parity over ${c.pairs} strikes` : "the future of the same expiry")],
  ["Days left", (c) => grouped(c.days, 1)],
  ["ATM IV", (c) => inPercent(c.atm_iv)],
  ["30-day IV", (c) => inPercent(c.iv_month)],
  ["IV rank", (c) => grouped(c.iv_rank, 0), (c) => c.iv_missing || "0 to 100, between the lowest and the highest of days before"],
  ["IV percentile", (c) => grouped(c.iv_percentile, 0), (c) => c.iv_missing || "share of days before that were lower"],
  ["25Δ skew", (c) => (num(c.skew) === null ? "–" : `${signed(num(c.skew) * 100, 1)} pts`), () => "the put's volatility less the call's"],
  ["PCR, OI", (c) => grouped(c.pcr_oi, 2)],
  ["PCR, volume", (c) => grouped(c.pcr_volume, 2)],
  ["Max pain", (c) => grouped(c.max_pain, 0)],
  ["Call wall", (c) => grouped(c.call_wall, 0), () => "the strike with the most open calls"],
  ["Put wall", (c) => grouped(c.put_wall, 0), () => "the strike with the most open puts"],
];

/** Return the rows of a chain with what each strike is: at the money, a wall, max pain. */
export function marked(chain) {
  const names = [["atm", "ATM"], ["call_wall", "call wall"], ["put_wall", "put wall"], ["max_pain", "max pain"]];
  return (chain.rows ?? []).map((row) => ({ ...row, marks: names.filter(([name]) => chain[name] === row.strike).map(([, word]) => word) }));
}

/** The panel: a choice of chains, figures of the whole, and the strikes. */
export class OptionChain {
  constructor(fetchOptionChain) {
    Object.assign(this, { fetchOptionChain, state: null, known: "", shown: "", isSeen: false, isAsking: false });
    this.rows = table(byId("chain"), { label: "Option chain", columns, key: (row) => String(row.strike), empty: "No strike is told yet." });
    this.facts = FACTS.map(([label, told, meaning]) => ({ node: h("dd", { class: "n strong" }), label, told, meaning }));
    byId("chain-facts").replaceChildren(...this.facts.map(({ label, node }) => h("div", {}, h("dt", {}, label), node)));
    byId("chain-choice").addEventListener("change", () => this.refresh());
    new IntersectionObserver(([entry]) => {
      this.isSeen = entry.isIntersecting;
      if (this.isSeen) this.refresh();
    }).observe(byId("chain-panel"));
    setInterval(() => this.isSeen && isRunning(this.state) && this.refresh(), EVERY_MS);
  }

  /** Offer the chains of a state; without any the panel stays away. */
  show(state) {
    this.state = state;
    const chains = state.chains ?? [];
    const keys = chains.map((chain) => `${chain.underlying} ${chain.expiry}`);
    attribute(byId("chain-panel"), "hidden", keys.length === 0);
    attribute(byId("chain-jump"), "hidden", keys.length === 0);
    if (this.known === keys.join()) return;
    this.known = keys.join();
    const options = chains.map((chain, place) => new Option(`${chain.underlying} · ${EXPIRY.format(new Date(chain.expiry))}`, keys[place]));
    byId("chain-choice").replaceChildren(...options);
    this.refresh();
  }

  async refresh() {
    const chosen = byId("chain-choice").value;
    if (!chosen || !this.isSeen || (this.isAsking && chosen === this.asked)) return;
    Object.assign(this, { isAsking: true, asked: chosen });
    const [underlying, expiry] = chosen.split(" ");
    const chain = await this.fetchOptionChain(underlying, expiry);
    this.isAsking = false;
    if (chosen === byId("chain-choice").value) this.tell(chosen, chain);
  }

  tell(chosen, chain) {
    const isNew = this.shown !== chosen;
    text(byId("chain-at"), chain.at ? `at ${clock(chain.at)}` : "not told yet");
    text(byId("chain-note"), chain.why_not ? `No figures: ${chain.why_not}.` : chain.iv_missing ? `No IV rank: ${chain.iv_missing}.` : "");
    for (const { node, told, meaning } of this.facts) {
      text(node, told(chain));
      attribute(node, "title", meaning?.(chain));
    }
    const rows = marked(chain);
    this.rows(rows);
    if (isNew && rows.length) this.centre(chosen);
  }

  /** Bring the strike at the money into the middle, once for each choice. */
  centre(chosen) {
    this.shown = chosen;
    const box = byId("chain");
    const cell = box.querySelector("[data-tone='atm']");
    if (!cell) return;
    box.scrollTop = cell.offsetTop - box.clientHeight / 2;
    box.scrollLeft = cell.offsetLeft + cell.offsetWidth / 2 - box.clientWidth / 2;
  }
}
