// The charts' colours and fonts, read from the page's style sheet so that both themes fit.

import * as charts from "../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";

/** Return a colour of the style sheet. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Return the options both charts share. */
export function chartOptions() {
  const line = colour("line");
  return {
    autoSize: true,
    layout: {
      background: { type: charts.ColorType.Solid, color: "transparent" },
      textColor: colour("muted"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 11,
      attributionLogo: false,
      panes: { separatorColor: line, separatorHoverColor: line, enableResize: false },
    },
    grid: { vertLines: { color: colour("grid") }, horzLines: { color: colour("grid") } },
    rightPriceScale: { borderColor: line },
    timeScale: { borderColor: line, timeVisible: true, secondsVisible: false, rightOffset: 4 },
    crosshair: { mode: charts.CrosshairMode.Normal },
    localization: { locale: "en-IN" },
    handleScroll: { vertTouchDrag: false },
  };
}

export { charts };
