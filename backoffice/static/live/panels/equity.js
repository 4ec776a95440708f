// The account's worth over the day, and beneath it how far it stood below its best.

import { attribute, byId } from "../dom.js";
import { IST } from "../bars.js";
import { epoch, grouped, num, rupees } from "../format.js";
import { chartOptions, charts, colour } from "./chart_theme.js";

/** Return points `{time, value}` of one column of the curve, oldest first, one a second at most. */
export function curve(equity, column) {
  const points = new Map();
  for (const row of equity ?? []) {
    const [at, value] = [epoch(row[0]), num(row[column])];
    if (at !== null && value !== null) points.set(Math.floor(at) + IST, value);
  }
  return [...points].sort(([one], [other]) => one - other).map(([time, value]) => ({ time, value }));
}

/** Return the curve's rows with the present moment behind them; a curve without a row stays empty. */
export function withPresent(state) {
  const rows = state.equity ?? [];
  const { equity, drawdown } = state.account ?? {};
  return rows.length && num(equity) !== null ? [...rows, [state.at, equity, drawdown]] : rows;
}

/** The two curves, one above the other. */
export class EquityChart {
  constructor() {
    const format = { type: "custom", minMove: 0.01, formatter: (value) => grouped(value, 0) };
    this.chart = charts.createChart(byId("equity"), chartOptions());
    this.worth = this.chart.addSeries(charts.BaselineSeries, { lineWidth: 2, priceFormat: format, priceLineVisible: false });
    this.below = this.chart.addSeries(charts.AreaSeries, { lineWidth: 1, priceFormat: format, priceLineVisible: false, invertFilledArea: true }, 1);
    this.chart.panes()[1].setStretchFactor(0.45);
    this.worth.priceScale().applyOptions({ scaleMargins: { top: 0.14, bottom: 0.08 } });
    this.below.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.14 } });
    this.state = {};
    this.seen = "";
    this.paint();
  }

  /** Take the colours of the present theme. */
  paint() {
    const [gain, loss] = [colour("gain"), colour("loss")];
    this.chart.applyOptions({ ...chartOptions(), handleScroll: false, handleScale: false });
    const clear = { topFillColor2: colour("gain-clear"), bottomFillColor1: colour("loss-clear") };
    this.worth.applyOptions({ topLineColor: gain, topFillColor1: colour("gain-soft"), bottomLineColor: loss, bottomFillColor2: colour("loss-soft"), ...clear });
    this.below.applyOptions({ lineColor: loss, topColor: colour("loss-soft"), bottomColor: colour("loss-soft") });
  }

  /** Show the curves of a state. */
  show(state) {
    const points = withPresent(state);
    const seen = `${points.length}/${points.at(-1)?.join()}`;
    if (seen === this.seen) return;
    this.seen = seen;
    this.worth.applyOptions({ baseValue: { type: "price", price: num(state.account?.capital) ?? 0 } });
    this.worth.setData(curve(points, 1));
    this.below.setData(curve(points, 2).map(({ time, value }) => ({ time, value: -Math.abs(value) })));
    this.chart.timeScale().fitContent();
    const last = points.at(-1);
    byId("no-equity").hidden = points.length > 0;
    attribute(byId("equity"), "aria-label", last ? `Equity ${rupees(last[1])}, drawdown ${rupees(last[2])}` : "Equity, no point yet");
  }
}
