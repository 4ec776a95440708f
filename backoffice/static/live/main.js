// The live page: takes messages, keeps the state, and has each panel show what changed.

import { applied, order } from "./delta.js";
import { byId } from "./dom.js";
import { ageWhenSent, isRunning, STALE_AFTER_MS, standing } from "./freshness.js";
import { symbolOf } from "./format.js";
import { Connection } from "./connection.js";
import { againDialog, closeDialog, pauseButton } from "./controls.js";
import { KillSwitch } from "./kill.js";
import { announce } from "./notices.js";
import { fetchChart, fetchExplanation, fetchOptionChain } from "./requests.js";
import { showAccount } from "./panels/account.js";
import { aside } from "./panels/aside.js";
import { foreign } from "./panels/foreign.js";
import { showBanner } from "./panels/banner.js";
import { OptionChain } from "./panels/chain.js";
import { PriceChart } from "./panels/chart.js";
import { EquityChart } from "./panels/equity.js";
import { showEvents } from "./panels/events.js";
import { showHeader, showStanding, showWallClock } from "./panels/header.js";
import { showHealth } from "./panels/health.js";
import { orders } from "./panels/orders.js";
import { positions } from "./panels/positions.js";
import { showRisk } from "./panels/risk.js";
import { signals } from "./panels/signals.js";
import { strategies } from "./panels/strategies.js";
import { watch } from "./panels/watch.js";

const mayControl = document.body.dataset.mayControl === "yes";
const page = { state: undefined, heardAt: performance.now(), isAsking: false, askedAt: 0 };
const present = () => page.state;
const chart = new PriceChart(fetchChart);
const equity = new EquityChart();
const optionChain = new OptionChain(fetchOptionChain);
const showChart = (instrument) => {
  chart.choose(instrument);
  byId("chart-panel").scrollIntoView({ block: "nearest" });
};

const PANELS = [
  [["account"], showAccount],
  [["account"], showRisk],
  [["positions"], positions({ onChoose: showChart, onClose: mayControl ? closeDialog() : null, fetchExplanation })],
  [["aside"], aside(mayControl ? againDialog() : null)],
  [["foreign"], foreign()],
  [["signals"], signals(fetchExplanation)],
  [["chains", "run"], (state) => optionChain.show(state)],
  [["orders"], orders()],
  [["strategies"], strategies()],
  [["watch"], watch(showChart)],
  [["health", "run"], showHealth],
  [["events"], showEvents],
  [["equity", "account"], (state) => equity.show(state)],
];

const connection = new Connection({ onMessage: take, onStanding: showStandings });
if (mayControl) {
  new KillSwitch(connection, present);
  PANELS.push([["run", "blocked_by", "trading_state"], pauseButton(present)]);
}

function take(message) {
  if (message.type === "snapshot") takeSnapshot(message);
  else if (message.type === "delta") takeDelta(message);
}

function takeSnapshot(message) {
  const before = page.state;
  page.isAsking = false;
  page.state = message.state ?? null;
  if (before?.sequence !== page.state?.sequence) page.heardAt = performance.now() - ageWhenSent(message);
  show(before, page.state ?? {}, {});
  if (before !== undefined && page.state) chart.refresh();
}

function takeDelta(delta) {
  if (!page.state) {
    askSnapshot();
    return;
  }
  const meaning = order(page.state.sequence, delta.sequence);
  if (meaning === "gap") askSnapshot();
  if (meaning !== "next" || page.isAsking) return;
  const before = page.state;
  page.state = applied(before, delta);
  page.heardAt = performance.now();
  show(before, page.state, delta.changes.bars ?? {});
}

function askSnapshot() {
  const now = performance.now();
  if (page.isAsking && now - page.askedAt < STALE_AFTER_MS) return;
  Object.assign(page, { isAsking: true, askedAt: now });
  connection.askSnapshot();
}

function show(before, state, bars) {
  showHeader(page.state);
  for (const [fields, panel] of PANELS) {
    if (fields.some((field) => before?.[field] !== state[field]) || !before) panel(state);
  }
  chart.show(state, bars);
  document.body.dataset.sequence = state.sequence ?? "";
  tellWhatMatters(before, state);
  showStandings();
}

function tellWhatMatters(before, state) {
  if (!before) return;
  const known = new Map((before.positions ?? []).map((position) => [position.id, position.state]));
  for (const position of state.positions ?? []) {
    if (position.state === known.get(position.id)) continue;
    if (position.state === "OPEN" || position.state === "CLOSED") announce(`${symbolOf(position.instrument)} ${position.state.toLowerCase()}`);
  }
  if (before.trading_state !== state.trading_state) announce(`Trading state ${state.trading_state}`);
}

function showStandings() {
  const silentMs = performance.now() - page.heardAt;
  const { socket, polling, signedOut } = connection;
  const found = standing({ socket, polling, signedOut, state: page.state, silentMs });
  showStanding(found, silentMs);
  showBanner(found, silentMs);
  if (found === "stale" && performance.now() - page.askedAt > STALE_AFTER_MS) askSnapshot();
}

function toggleTheme() {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const shown = document.documentElement.dataset.theme ?? (isDark ? "dark" : "light");
  const next = shown === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
  repaint();
}

function repaint() {
  chart.paint();
  equity.paint();
}

byId("theme").addEventListener("click", toggleTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
showWallClock();
setInterval(() => {
  showWallClock();
  showStandings();
  if (isRunning(page.state)) showHealth(page.state);
}, 1000);
