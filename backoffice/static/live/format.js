// How figures, moments and names are written. Pure functions; where they appear is the panels' work.

const MINUS = "\u2212";
const grouping = new Map();

/** Return `value` as a number, or null for nothing, text that is no number, and NaN. */
export function num(value) {
  if (value === null || value === undefined || value === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

function formatter(places) {
  if (!grouping.has(places)) {
    grouping.set(
      places,
      new Intl.NumberFormat("en-IN", { minimumFractionDigits: places, maximumFractionDigits: places }),
    );
  }
  return grouping.get(places);
}

function parts(value, places) {
  const text = formatter(places).format(Math.abs(value));
  const isZero = !/[1-9]/.test(text);
  return { text, isZero, isNegative: value < 0 && !isZero };
}

/** Return a figure in Indian grouping: 1000000 -> "10,00,000.00"; a dash for nothing. */
export function grouped(value, places = 2) {
  const number = num(value);
  if (number === null) return "–";
  const { text, isNegative } = parts(number, places);
  return (isNegative ? MINUS : "") + text;
}

/** Return a figure that always shows its direction: "+1.20", "−1.20", "0.00". */
export function signed(value, places = 2) {
  const number = num(value);
  if (number === null) return "–";
  const { text, isZero, isNegative } = parts(number, places);
  if (isZero) return text;
  return (isNegative ? MINUS : "+") + text;
}

/** Return rupees: "₹10,00,000.00", "−₹5.00". */
export function rupees(value, places = 2) {
  const text = grouped(value, places);
  if (text === "–") return text;
  return text.startsWith(MINUS) ? `${MINUS}₹${text.slice(1)}` : `₹${text}`;
}

/** Return rupees that always show their direction: "+₹5.00". */
export function signedRupees(value, places = 2) {
  const text = signed(value, places);
  if (text === "–") return text;
  return /^[+\u2212]/.test(text) ? `${text[0]}₹${text.slice(1)}` : `₹${text}`;
}

/** Return a percentage from a figure in per cent. */
export function percent(value, places = 1) {
  const text = grouped(value, places);
  return text === "–" ? text : `${text} %`;
}

/** Return a percentage that shows its direction, from a figure in per cent. */
export function signedPercent(value, places = 2) {
  const text = signed(value, places);
  return text === "–" ? text : `${text} %`;
}

/** Return a multiple of the risk taken: "+1.20 R". */
export function multiple(value) {
  const text = signed(value, 2);
  return text === "–" ? text : `${text} R`;
}

/** Return "gain", "loss" or "" for the colour of a figure. */
export function tone(value) {
  const number = num(value);
  if (number === null || Math.abs(number) < 0.005) return "";
  return number > 0 ? "gain" : "loss";
}

const inIndia = (options) =>
  new Intl.DateTimeFormat("en-IN", { timeZone: "Asia/Kolkata", hourCycle: "h23", ...options });
const TIME = inIndia({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const MINUTE = inIndia({ hour: "2-digit", minute: "2-digit" });
const DAY = inIndia({ weekday: "short", day: "numeric", month: "short", year: "numeric" });

function told(format, moment) {
  const date = moment instanceof Date ? moment : new Date(moment ?? NaN);
  return Number.isNaN(date.getTime()) ? "–" : format.format(date);
}

/** Return the time of day in India: "14:57:00". */
export const clock = (moment) => told(TIME, moment);

/** Return hour and minute in India. */
export const minute = (moment) => told(MINUTE, moment);

/** Return the date in India. */
export const day = (moment) => told(DAY, moment);

/** Return seconds since the epoch for a moment, or null. */
export function epoch(moment) {
  const time = new Date(moment ?? NaN).getTime();
  return Number.isNaN(time) ? null : time / 1000;
}

/** Return the symbol of an instrument's key: "NFO:NIFTY26OCTFUT" -> "NIFTY26OCTFUT". */
export function symbolOf(key) {
  return (key ?? "").slice((key ?? "").indexOf(":") + 1);
}

/** Return a code in words: "HARD_STOP" -> "Hard stop", "max-positions" -> "Max positions". */
export function words(code) {
  const text = (code ?? "").replaceAll(/[_-]+/g, " ").replace(/([a-z])(\d)$/i, "$1 $2").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Return "Long" or "Short". */
export const directionWord = (direction) => (num(direction) > 0 ? "Long" : "Short");

const MOMENT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})/g;

/** Return what a rule measured or allows, readable: moments as time of day, rupees grouped. */
export function ruleValue(text, unit) {
  if (unit === "time") return String(text).replaceAll(MOMENT, (moment) => clock(moment));
  if (num(text) === null) return String(text ?? "");
  if (unit === "INR") return rupees(text);
  const number = num(text);
  return Number.isInteger(number) ? grouped(number, 0) : String(Number(number.toPrecision(6)));
}
