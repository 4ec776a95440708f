// The page's line to the desk: a socket that comes back by itself, and plain requests while it is down.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const POLL_MS = 2000;
const HASTY_POLL_MS = 300;
const STATE_WITHIN_MS = 30000;
const SIGNED_OUT = 4401;

/** Return how long to wait before attempt number `tries`, from 0: doubling, capped, ±20 %. */
export function waitBefore(tries, chance) {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  return wait * (0.8 + 0.4 * chance);
}

/** Calls `onMessage(message)` for all that comes in, and `onStanding()` whenever its own changes. */
export class Connection {
  constructor({ onMessage, onStanding }) {
    this.onMessage = onMessage;
    this.onStanding = onStanding;
    this.socket = "closed";
    this.polling = false;
    this.signedOut = false;
    this.isHasty = false;
    this.tries = 0;
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.line = new WebSocket(`${scheme}//${location.host}/ws/live/`);
    this.line.addEventListener("open", () => this.opened());
    this.line.addEventListener("message", (event) => this.onMessage(JSON.parse(event.data)));
    this.line.addEventListener("close", (event) => this.closed(event.code));
  }

  opened() {
    this.socket = "open";
    this.polling = false;
    this.tries = 0;
    this.onStanding();
  }

  closed(code) {
    const wasOpen = this.socket === "open";
    this.socket = "closed";
    if (code === SIGNED_OUT) this.signedOut = true;
    this.onStanding();
    if (this.signedOut) return;
    setTimeout(() => this.open(), waitBefore(this.tries, Math.random()));
    this.tries += 1;
    if (wasOpen || this.tries === 1) this.poll();
  }

  /** Ask for the whole state again; where the socket is down, the plain requests bring it anyway. */
  askSnapshot() {
    if (this.socket === "open") this.line.send(JSON.stringify({ type: "snapshot" }));
  }

  /** Fetch quickly while something urgent is watched, or at the ordinary pace. */
  hasten(isHasty) {
    this.isHasty = isHasty;
  }

  async poll() {
    clearTimeout(this.timer);
    if (this.socket === "open" || this.signedOut) return;
    await this.fetchState();
    if (this.socket === "open" || this.signedOut) return;
    this.timer = setTimeout(() => this.poll(), this.isHasty ? HASTY_POLL_MS : POLL_MS);
  }

  async fetchState() {
    try {
      const answer = await fetch("/live/state/", { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(STATE_WITHIN_MS) });
      if (answer.status === 401 || answer.status === 403) this.signedOut = true;
      this.polling = answer.ok;
      if (answer.ok && this.socket !== "open") this.onMessage(await answer.json());
    } catch {
      this.polling = false;
    }
    this.onStanding();
  }
}
