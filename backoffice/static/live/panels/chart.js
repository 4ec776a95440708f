// The price chart: bars, volume, the stop's path, and a mark with its reason on every entry and exit.

import { arrange, attribute, byId, h, text } from "../dom.js";
import { marks, resampled, stopPath, withBar, withPrice, withStops } from "../bars.js";
import { chartable, openPositions } from "../facts.js";
import { epoch, grouped, num, symbolOf } from "../format.js";
import { chartOptions, charts, colour } from "./chart_theme.js";

const LEVELS = [["average_entry", "entry", "accent"], ["stop", "stop", "loss"], ["target1", "target 1", "gain"], ["target2", "target 2", "gain"]];

/** The chart of one instrument at a time; `fetchChart(instrument)` gives {bars, stops} of the day. */
export class PriceChart {
  constructor(fetchChart) {
    this.fetchChart = fetchChart;
    this.instrument = null;
    this.minutes = 1;
    this.bars = [];
    this.stops = {};
    this.state = {};
    this.lines = [];
    this.chart = charts.createChart(byId("chart"), chartOptions());
    this.candles = this.chart.addSeries(charts.CandlestickSeries, { autoscaleInfoProvider: (original) => this.range(original()) });
    this.volume = this.chart.addSeries(charts.HistogramSeries, { priceScaleId: "", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.stop = this.chart.addSeries(charts.LineSeries, { lineWidth: 2, lineStyle: charts.LineStyle.Dashed, lineType: charts.LineType.WithSteps, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false });
    this.marks = charts.createSeriesMarkers(this.candles, []);
    this.paint();
    byId("instrument").addEventListener("change", (event) => this.choose(event.target.value));
    byId("minutes").addEventListener("change", (event) => this.span(Number(event.target.value)));
  }

  /** Take the colours of the present theme. */
  paint() {
    const [gain, loss] = [colour("gain"), colour("loss")];
    this.chart.applyOptions(chartOptions());
    this.candles.applyOptions({ upColor: gain, borderUpColor: gain, wickUpColor: gain, downColor: loss, borderDownColor: loss, wickDownColor: loss });
    this.stop.applyOptions({ color: colour("amber") });
    this.draw();
  }

  /** Show another instrument from its first bar of the day. */
  async choose(instrument) {
    this.instrument = instrument;
    Object.assign(this, { bars: [], stops: {} });
    byId("instrument").value = instrument;
    this.draw();
    await this.refresh();
    this.chart.timeScale().fitContent();
  }

  /** Fetch the day anew, after changes may have been missed; what is shown stays where it is. */
  async refresh() {
    const instrument = this.instrument;
    if (!instrument) return;
    const { bars, stops } = await this.fetchChart(instrument);
    if (this.instrument !== instrument) return;
    this.bars = this.bars.reduce(withBar, bars);
    this.stops = withStops(stops, this.state, instrument);
    this.draw();
  }

  /** Show bars of another length. */
  span(minutes) {
    this.minutes = minutes;
    this.draw();
    this.chart.timeScale().fitContent();
  }

  /** Take a new state and, where they tell of this instrument, its newest bars. */
  show(state, news = {}) {
    this.state = state;
    this.offer(chartable(state));
    this.bars = news[this.instrument]?.reduce(withBar, this.bars) ?? this.priced(state);
    this.stops = withStops(this.stops, state, this.instrument);
    this.draw();
  }

  /** Return the bars with the last price known, for an instrument whose bars are not told. */
  priced(state) {
    const entry = (state.watch ?? []).find((watched) => watched.instrument === this.instrument);
    return withPrice(this.bars, epoch(state.at), entry?.last);
  }

  offer(instruments) {
    const select = byId("instrument");
    const offered = [...select.options].map((option) => option.value);
    const all = [...new Set([...instruments, ...offered.filter((key) => key === this.instrument)])];
    if (all.join() !== offered.join()) {
      arrange(select, all.map((key) => [...select.options].find((o) => o.value === key) ?? h("option", { value: key }, symbolOf(key))));
      select.value = this.instrument ?? "";
    }
    if (!this.instrument && all.length) this.choose(all[0]);
  }

  draw() {
    const rows = resampled(this.bars, this.minutes);
    this.candles.setData(rows);
    const [up, down] = [colour("volume-up"), colour("volume-down")];
    this.volume.setData(rows.map((row) => ({ time: row.time, value: row.volume, color: row.close >= row.open ? up : down })));
    this.stop.setData(stopPath(this.state, this.instrument, rows, this.stops));
    this.marks.setMarkers(marks(this.state, this.instrument, this.minutes).map(drawn));
    this.levels();
    const last = rows.at(-1);
    text(byId("chart-last"), last ? grouped(last.close) : "");
    byId("no-bars").hidden = rows.length > 0;
    attribute(byId("chart"), "aria-label", `Price chart of ${symbolOf(this.instrument)}, ${rows.length} bars${last ? `, last ${grouped(last.close)}` : ""}`);
  }

  /** Return the scale's range widened to what a held position aims at and is protected by. */
  range(found) {
    if (!found?.priceRange) return found;
    const { minValue, maxValue } = found.priceRange;
    const prices = this.lines.map(([told]) => told.price);
    return { ...found, priceRange: { minValue: Math.min(minValue, ...prices), maxValue: Math.max(maxValue, ...prices) } };
  }

  levels() {
    const held = openPositions(this.state).filter((position) => position.instrument === this.instrument);
    const wanted = held.flatMap((position) => LEVELS.filter(([field]) => num(position[field]) !== null).map(([field, title, tone]) => ({ price: num(position[field]), title, color: colour(tone), lineWidth: 1, lineStyle: charts.LineStyle.Dotted })));
    if (JSON.stringify(wanted) === JSON.stringify(this.lines.map(([told]) => told))) return;
    for (const [, line] of this.lines) this.candles.removePriceLine(line);
    this.lines = wanted.map((told) => [told, this.candles.createPriceLine(told)]);
  }
}

function drawn(mark) {
  return {
    time: mark.time,
    text: mark.text,
    position: mark.isBuy ? "belowBar" : "aboveBar",
    shape: mark.isEntry ? (mark.isBuy ? "arrowUp" : "arrowDown") : "circle",
    color: mark.isEntry ? colour("accent") : colour("ink"),
    size: mark.isEntry ? 1.2 : 0.8,
  };
}
