// The kill switch: asked for in two steps, sent by plain request, watched until the desk is flat.

import { attribute, byId, text } from "./dom.js";
import { toFlat } from "./facts.js";
import { grouped, signedRupees } from "./format.js";
import { isRunning } from "./freshness.js";
import { announce, notice } from "./notices.js";
import { outcomeOf, post, RequestError } from "./requests.js";

const HOLD_MS = 1000;
const WORD = "FLAT";
const LATE = "The desk has not answered yet; whether it was asked for is not known. make kill works without this page.";

/** Return what keeps a desk whose own books are flat from being sure that its account is. */
export const doubts = (state) => (state?.blocked_by ?? []).filter((reason) => reason.startsWith("broker-"));

/** Say whether the engine, which has answered, says itself that nothing is held and nothing works. */
export const isProven = (state) => state?.trading_state === "HALTED" || !isRunning(state);

/**
 * Return how far a flatten has come: text for people and a share from 0 to 1.
 *
 * It is done only once the engine itself has said so; `inDoubt` names what its broker may still hold.
 */
export function progress(began, present, elapsedMs, hasEngineSaidSo, inDoubt = []) {
  const [total, left] = [began.positions + began.orders, present.positions + present.orders];
  const took = `${grouped(elapsedMs, 0)} ms`;
  if (present.isFlat && !hasEngineSaidSo) {
    return { text: `Nothing is open on this page; the engine has not said that it is flat · ${took}`, share: 0.99, isDone: false };
  }
  if (present.isFlat && inDoubt.length) {
    return { text: `Flat in the desk's own books after ${took}, but not proven (${inDoubt.join(", ")}): look at the broker's.`, share: 1, isDone: true };
  }
  if (present.isFlat) return { text: `Flat after ${took}. No position, no working order.`, share: 1, isDone: true };
  const parts = [`${present.positions} position${present.positions === 1 ? "" : "s"}`, `${present.orders} working order${present.orders === 1 ? "" : "s"}`];
  return { text: `${parts.join(" and ")} left · ${took}`, share: total ? Math.max(0, 1 - left / total) : 0, isDone: false };
}

/** Return what can be closed by itself: the strategies that hold a position; an underlying is typed. */
export function scopes(present) {
  const held = (present?.positions ?? []).filter((position) => position.quantity);
  return [...new Set(held.map((position) => `strategy:${position.strategy}`))].sort();
}

/** Return what the kill switch of the whole desk does, in words. */
function everything(present) {
  const left = toFlat(present);
  return `${left.positions} open position${left.positions === 1 ? "" : "s"} (${signedRupees(present?.account?.unrealised)} unrealised) will be closed at the market and ${left.orders} working order${left.orders === 1 ? "" : "s"} cancelled. Entries stay locked until a person unlocks the desk.`;
}

/** The dialog and what follows it; `connection` is hastened while the way to flat is watched. */
export class KillSwitch {
  constructor(connection, present) {
    Object.assign(this, { connection, present, began: null, startedAt: 0, flatAt: null, isAnswered: false, holdTimer: 0 });
    this.dialog = byId("kill-dialog");
    byId("kill-open").addEventListener("click", () => this.ask());
    byId("kill-cancel").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => this.release());
    byId("kill-form").addEventListener("submit", (event) => this.typed(event));
    byId("kill-word").addEventListener("input", () => this.arm());
    byId("kill-scope").addEventListener("input", () => this.name());
    this.holdable(byId("kill-hold"));
  }

  ask() {
    byId("kill-ask").hidden = Boolean(this.began);
    byId("kill-progress").hidden = !this.began;
    byId("kill-word").value = "";
    byId("kill-scope").value = "";
    byId("kill-scopes").replaceChildren(...scopes(this.present()).map((scope) => new Option(scope, scope)));
    this.name();
    this.arm();
    this.dialog.showModal();
  }

  /** Say what would be closed: everything, or the one strategy or underlying that is named. */
  name() {
    const scope = byId("kill-scope").value.trim();
    text(byId("kill-what"), scope ? `What ${scope} holds will be closed at the market and its working orders cancelled; the rest of the desk goes on.` : everything(this.present()));
    text(byId("kill-hold").firstElementChild, `Hold one second to flatten ${scope || "everything"}`);
  }

  arm() {
    byId("kill-send").disabled = byId("kill-word").value.trim().toUpperCase() !== WORD;
  }

  typed(event) {
    event.preventDefault();
    if (!byId("kill-send").disabled) this.send();
  }

  /** Let a button be held by pointer, Space or Enter; letting go early does nothing. */
  holdable(button) {
    const isKey = (event) => event.key === " " || event.key === "Enter";
    button.addEventListener("pointerdown", () => this.press(button));
    for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(end, () => this.release());
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    button.addEventListener("keydown", (event) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat) this.press(button);
    });
    button.addEventListener("keyup", (event) => isKey(event) && this.release());
  }

  press(button) {
    this.release();
    button.classList.add("held");
    this.holdTimer = setTimeout(() => {
      this.release();
      this.send();
    }, HOLD_MS);
  }

  release() {
    clearTimeout(this.holdTimer);
    byId("kill-hold").classList.remove("held");
  }

  async send() {
    if (this.began) return;
    const scope = byId("kill-scope");
    if (!scope.reportValidity()) return;
    if (scope.value) {
      this.sendScope(scope.value.trim());
      return;
    }
    this.began = toFlat(this.present());
    Object.assign(this, { startedAt: performance.now(), flatAt: null, isAnswered: false });
    byId("kill-ask").hidden = true;
    byId("kill-progress").hidden = false;
    this.connection.hasten(true);
    this.tell("Asking the engine …", 0);
    announce("Kill switch used.");
    try {
      const command = await post("flatten", { reason: byId("kill-reason").value.trim() || "kill switch" }, () => text(byId("kill-note"), LATE));
      text(byId("kill-note"), "");
      this.watch();
      let done = await outcomeOf(command);
      while (done.state === "PENDING" && this.began) {
        text(byId("kill-note"), "The wish is written down; the engine has not answered yet. It will be carried out when the engine is back.");
        done = await outcomeOf(done);
      }
      this.isAnswered = true;
      text(byId("kill-note"), "");
      if (done.state === "REFUSED") this.fail(`The engine refused: ${done.outcome}`);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.fail(`${error.message} Try again, use make kill, or close everything at the broker.`);
    }
  }

  /** Close one strategy or underlying; the desk goes on, so nothing is watched to flat. */
  async sendScope(scope) {
    this.dialog.close();
    announce(`Kill switch used for ${scope}.`);
    try {
      const reason = byId("kill-reason").value.trim() || "kill switch";
      const done = await outcomeOf(await post("flatten", { scope, reason }, () => this.tellScope(LATE, "loss")));
      const told = { DONE: "is being closed; nothing of it is entered until it is unlocked.", PENDING: "will be closed once the engine answers." };
      this.tellScope(`${scope} ${told[done.state] ?? `was not closed: ${done.outcome}`}`, told[done.state] ? "warn" : "loss");
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.tellScope(`${scope}: ${error.message}`, "loss");
    }
  }

  tellScope(message, tone) {
    notice(message, tone);
    announce(message);
  }

  /** Follow the state until the engine says that it is flat; the dialog may be closed meanwhile. */
  watch() {
    if (!this.began) return;
    const [state, now] = [this.present(), performance.now()];
    const left = toFlat(state);
    this.flatAt = left.isFlat && isProven(state) ? (this.flatAt ?? now) : null;
    const hasSaidSo = this.isAnswered && this.flatAt !== null;
    const found = progress(this.began, left, (hasSaidSo ? this.flatAt : now) - this.startedAt, hasSaidSo, doubts(state));
    this.tell(found.text, found.share);
    if (!found.isDone) {
      setTimeout(() => this.watch(), 50);
      return;
    }
    announce(found.text);
    this.finish();
  }

  tell(message, share) {
    text(byId("kill-status"), message);
    byId("kill-fill").style.width = `${share * 100}%`;
    attribute(byId("kill-bar"), "aria-valuenow", Math.round(share * 100));
  }

  fail(message) {
    this.tell(message, 0);
    text(byId("kill-note"), "");
    announce(message);
    this.finish();
  }

  finish() {
    this.began = null;
    this.connection.hasten(false);
  }
}
