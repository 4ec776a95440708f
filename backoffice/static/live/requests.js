// Plain requests: the operator's wishes, what became of them, and what is looked at more closely.

const HEADERS = { Accept: "application/json" };
const ASK_EVERY_MS = 400;
const ASK_TIMES = 30;

/** A wish that was not written down; the message is fit for the operator's eye. */
export class RequestError extends Error {}

function csrfToken() {
  const cookie = document.cookie.split("; ").find((entry) => entry.startsWith("csrftoken="));
  return cookie?.slice("csrftoken=".length) ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** Post a wish (`pause`, `resume`, `flatten`, `unlock`, `close`, `release`) and return the command; raises RequestError. */
export async function post(wish, fields) {
  let answer;
  try {
    answer = await fetch(`/live/${wish}/`, { method: "POST", headers: { ...HEADERS, "X-CSRFToken": csrfToken() }, body: new URLSearchParams(fields) });
  } catch {
    throw new RequestError("The desk cannot be reached. Nothing was asked for.");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  throw new RequestError(told.error ?? `The desk answered ${answer.status}. Nothing was asked for.`);
}

/** Return a command once it is DONE or REFUSED, or as it stands after some ten seconds. */
export async function outcomeOf(command) {
  let latest = command;
  for (let asked = 0; asked < ASK_TIMES && latest.state === "PENDING"; asked += 1) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    try {
      const answer = await fetch(`/live/commands/${command.id}/`, { headers: HEADERS, cache: "no-store" });
      if (answer.ok) latest = await answer.json();
    } catch {
      continue;
    }
  }
  return latest;
}

const NOTHING = { bars: [], stops: {} };

/** Return why an opinion stood where it stood, as `lines`; an `error` where it cannot be told. */
export async function fetchExplanation(signal) {
  try {
    const answer = await fetch(`/live/explanation/?${new URLSearchParams({ signal })}`, { headers: HEADERS, cache: "no-store" });
    const told = await answer.json().catch(() => ({}));
    return answer.ok ? told : { error: told.error ?? `The desk answered ${answer.status}.` };
  } catch {
    return { error: "The desk cannot be reached." };
  }
}

/** Return an option chain, an empty one without an answer; `expiry` as `2026-10-13`. */
export async function fetchOptionChain(underlying, expiry) {
  try {
    const answer = await fetch(`/live/option-chain/?${new URLSearchParams({ underlying, expiry })}`, { headers: HEADERS, cache: "no-store" });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

/** Return the day's bars of an instrument and its stops by plan; nothing without an answer. */
export async function fetchChart(instrument) {
  try {
    const answer = await fetch(`/live/chart/?${new URLSearchParams({ instrument })}`, { headers: HEADERS, cache: "no-store" });
    return answer.ok ? await answer.json() : NOTHING;
  } catch {
    return NOTHING;
  }
}
