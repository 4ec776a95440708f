// Pause, resume, close, release and unlock: each a plain request, its outcome told in a notice.

import { attribute, byId, text } from "./dom.js";
import { offered } from "./facts.js";
import { isRunning } from "./freshness.js";
import { directionWord, grouped, num, signedRupees, symbolOf } from "./format.js";
import { announce, notice } from "./notices.js";
import { outcomeOf, post, RequestError } from "./requests.js";

/** Ask for something and tell what became of it. */
export async function ask(wish, fields, name) {
  try {
    const done = await outcomeOf(await post(wish, fields, () => notice(`${name}: the desk has not answered yet; whether it was asked for is not known.`, "warn")));
    if (done.state === "DONE") notice(`${name}: done.`, "gain");
    else if (done.state === "REFUSED") notice(`${name}: refused, ${done.outcome}.`, "loss");
    else notice(`${name}: written down, the engine has not answered yet.`, "warn");
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    notice(`${name}: ${error.message}`, "loss");
    announce(error.message);
  }
}

const OFFERS = {
  pause: ["Pause", "Stop new entries; exits go on"],
  resume: ["Resume", "Allow new entries again"],
  unlock: ["Unlock", "Lift the lock of the kill switch or of a limit; press twice"],
};
const SURE_MS = 4000;

/** Connect the pause button, which also resumes and unlocks; answers with what shows its state. */
export function pauseButton(present) {
  const button = byId("pause");
  let [isBusy, sureUntil] = [false, 0];
  const show = (state) => {
    const offer = offered(state);
    text(button, offer === "unlock" && performance.now() < sureUntil ? "Unlock: sure?" : OFFERS[offer][0]);
    attribute(button, "title", OFFERS[offer][1]);
    button.disabled = isBusy || !isRunning(state) || state.trading_state === "FLATTENING";
  };
  button.addEventListener("click", async () => {
    const offer = offered(present());
    if (offer === "unlock" && performance.now() >= sureUntil) {
      sureUntil = performance.now() + SURE_MS;
      setTimeout(() => show(present()), SURE_MS + 50);
      show(present());
      return;
    }
    [isBusy, sureUntil] = [true, 0];
    show(present());
    await ask(offer, { reason: "asked for on the live page" }, OFFERS[offer][0]);
    isBusy = false;
    show(present());
  });
  return show;
}

/** Connect the dialog that closes one position; answers with what opens it. */
export function closeDialog() {
  const dialog = byId("close-dialog");
  let chosen = null;
  byId("close-cancel").addEventListener("click", () => dialog.close());
  byId("close-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    const reason = byId("close-reason").value.trim() || "asked for on the live page";
    ask("close", { position: chosen.id, reason }, `Close ${symbolOf(chosen.instrument)}`);
  });
  return (position) => {
    chosen = position;
    const units = grouped(Math.abs(num(position.quantity)), 0);
    text(byId("close-what"), `${directionWord(position.direction)} ${units} ${symbolOf(position.instrument)}, ${signedRupees(position.net)} so far, will be closed at the market.`);
    dialog.showModal();
  };
}

const AGAIN = {
  strategy: { title: "Release this strategy?", wish: "release", name: "Release", told: "It is asked again from the next bar on." },
  scope: { title: "Unlock this?", wish: "unlock", name: "Unlock", told: "New entries of it are allowed again; the engine refuses while it is not flat." },
};

/** Connect the dialog that lets something trade again; answers with what opens it. */
export function againDialog() {
  const dialog = byId("again-dialog");
  let chosen = null;
  byId("again-cancel").addEventListener("click", () => dialog.close());
  byId("again-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    const { wish, name } = AGAIN[chosen.kind];
    const reason = byId("again-reason").value.trim() || "asked for on the live page";
    ask(wish, { [chosen.kind]: chosen.subject, reason }, `${name} ${chosen.subject}`);
  });
  return (entry) => {
    chosen = entry;
    const { title, name, told } = AGAIN[entry.kind];
    text(byId("again-title"), title);
    text(byId("again-what"), `${entry.text}. ${told}`);
    text(byId("again-send"), name);
    dialog.showModal();
  };
}
