// Every opinion of the day, why it was ranked as it was, and what the gate measured.

import { byId, h, text } from "../dom.js";
import { failedFirst, newestFirst, outcome } from "../facts.js";
import { clock, directionWord, epoch, grouped, num, ruleValue, rupees, signed, symbolOf, words } from "../format.js";
import { table } from "../table.js";
import { why } from "./why.js";

const FEATURES = { rr: "Reward to risk" };

const columns = [
  { label: "Instrument", cls: "key", by: (s) => symbolOf(s.instrument), cell: (s) => ({ text: symbolOf(s.instrument), title: s.traded && s.traded !== s.instrument ? `traded as ${s.traded}` : s.instrument }) },
  { label: "Time", cls: "n", by: (s) => epoch(s.at), cell: (s) => clock(s.at) },
  { label: "Side", cls: "side", by: (s) => directionWord(s.direction), cell: (s) => ({ text: directionWord(s.direction), tone: num(s.direction) > 0 ? "gain" : "loss" }) },
  { label: "Strategy", cls: "wordy", by: (s) => words(s.strategy), cell: (s) => words(s.strategy) },
  { label: "Score", cls: "n", by: (s) => num(s.score), cell: (s) => grouped(s.score, 3) },
  { label: "Rank", cls: "n", by: (s) => num(s.rank) || null, cell: (s) => (num(s.rank) ? String(s.rank) : "–") },
  { label: "Entry", cls: "n", by: (s) => num(s.entry), cell: (s) => grouped(s.entry) },
  { label: "Stop", cls: "n", by: (s) => num(s.stop), cell: (s) => grouped(s.stop) },
  { label: "Answer", cls: "side", by: (s) => outcome(s).word, cell: (s) => ({ text: outcome(s).word, tone: outcome(s).tone }) },
  { label: "Why", cls: "why", by: (s) => outcome(s).reason || null, cell: (s) => ({ text: outcome(s).reason || "–", title: outcome(s).reason }) },
];

/** Make the table; `fetchExplanation` tells an opinion in words. Answers with what shows it. */
export function signals(fetchExplanation) {
  const detail = (signal) => details(signal, why(fetchExplanation, "signals", signal.id, signal.decision?.decision_id ?? ""));
  const show = table(byId("signals"), { label: "Signals", columns, key: (s) => s.id, detail, empty: "No signal yet." });
  return (state) => {
    const rows = [...(state.signals ?? [])].sort(newestFirst("at"));
    show(rows);
    text(byId("signal-count"), String(rows.length));
  };
}

function details(signal, told) {
  return h("div", {}, h("div", { class: "detail-columns" }, attribution(signal), verdicts(signal)), told);
}

function attribution(signal) {
  const parts = signal.contributions ?? [];
  const largest = Math.max(...parts.map((part) => Math.abs(part.contribution)), 1e-9);
  const rows = parts.map((part) =>
    h("tr", { role: "row" },
      h("th", { role: "rowheader", scope: "row" }, FEATURES[part.feature] ?? words(part.feature)),
      h("td", { role: "cell", class: "draw" }, bar(part.contribution, largest)),
      h("td", { role: "cell", class: "n strong" }, signed(part.contribution, 3)),
      h("td", { role: "cell", class: "n muted" }, `${grouped(part.raw, 2)} → ${grouped(part.normalised, 2)} × ${grouped(part.weight, 2)}`)));
  return h("section", {},
    h("h4", {}, "What made the score"),
    parts.length ? h("table", { role: "table", "aria-label": "Contributions: raw to normalised, times weight", class: "plain" }, h("tbody", { role: "rowgroup" }, ...rows)) : h("p", { class: "empty" }, "It was not ranked."),
    ...penalties(signal),
    h("p", { class: "sum" }, `Score ${grouped(signal.score, 4)} · confidence ${grouped(signal.confidence, 2)} · target ${[signal.target1, signal.target2].filter((t) => num(t) !== null).map((t) => grouped(t)).join(" · ") || "none"} · valid until ${clock(signal.valid_until)}`));
}

function bar(value, largest) {
  const fill = h("i", { "data-tone": value < 0 ? "loss" : "gain" });
  fill.style.width = `${(Math.abs(value) / largest) * 100}%`;
  return h("div", { class: "bar" }, fill);
}

function penalties(signal) {
  return (signal.penalties ?? []).map((penalty) =>
    h("p", { class: "penalty" }, `× ${grouped(penalty.factor, 2)} ${words(penalty.name)}: measured ${ruleValue(penalty.measured, "")}, threshold ${ruleValue(penalty.threshold, "")}`));
}

function verdicts(signal) {
  const decision = signal.decision;
  if (!decision) return h("section", {}, h("h4", {}, "What the gate said"), h("p", { class: "empty" }, signal.why_not ? words(signal.why_not) : "It has not been asked."));
  const rows = failedFirst(decision.verdicts).map((verdict) =>
    h("tr", { role: "row", class: verdict.passed ? "" : "failed" },
      h("td", { role: "cell", class: "side", "data-tone": verdict.passed ? "gain" : "loss" }, verdict.passed ? "✓ passed" : "✕ refused"),
      h("th", { role: "rowheader", scope: "row" }, words(verdict.rule), remark(verdict)),
      h("td", { role: "cell", class: "n", "data-label": "Measured" }, ruleValue(verdict.measured, verdict.unit)),
      h("td", { role: "cell", class: "n", "data-label": "Allowed" }, ruleValue(verdict.allowed, verdict.unit))));
  const heads = ["Verdict", "Rule", "Measured", "Allowed"].map((label, index) => h("th", { role: "columnheader", scope: "col", class: index > 1 ? "n" : "" }, label));
  return h("section", {},
    h("h4", {}, decision.approved ? `Approved: ${decision.quantity} units, risk ${rupees(decision.risk_inr)}, costs ${rupees(decision.expected_costs_inr)}, margin ${rupees(decision.margin_inr)}` : "Refused by the gate"),
    h("div", { class: "scroll" }, h("table", { role: "table", "aria-label": "Rules", class: "plain rules" }, h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads)), h("tbody", { role: "rowgroup" }, ...rows))));
}

function remark(verdict) {
  const unit = verdict.unit === "INR" || verdict.unit === "time" ? "" : verdict.unit;
  const told = [unit, verdict.detail].filter(Boolean).join(" · ");
  return told ? h("small", { title: told }, told) : null;
}
