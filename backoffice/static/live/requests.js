// Plain requests: the operator's wishes, what became of them, and what is looked at more closely.

const HEADERS = { Accept: "application/json" };
const ASK_EVERY_MS = 400;
const ASK_TIMES = 30;
const LATE_MS = 5000;
const UNPROVEN = "Whether it was asked for is not known.";

/** A wish that is not known to have been written down; the message is fit for the operator's eye. */
export class RequestError extends Error {}

function csrfToken() {
  const cookie = document.cookie.split("; ").find((entry) => entry.startsWith("csrftoken="));
  return cookie?.slice("csrftoken=".length) ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/**
 * Post a wish (`pause`, `resume`, `flatten`, `unlock`, `close`, `release`) and return the command.
 *
 * `onLate` is called where the answer takes long; it is waited for all the same, as an aborted
 * request may be dropped. Raises RequestError: a refusal proves that nothing was asked for, a lost
 * answer proves nothing.
 */
export async function post(wish, fields, onLate) {
  const late = setTimeout(onLate, LATE_MS);
  try {
    const answer = await fetch(`/live/${wish}/`, { method: "POST", headers: { ...HEADERS, "X-CSRFToken": csrfToken() }, body: new URLSearchParams(fields) });
    return taken(answer.status, await answer.text());
  } catch (error) {
    throw error instanceof RequestError ? error : new RequestError(`The desk cannot be reached. ${UNPROVEN}`);
  } finally {
    clearTimeout(late);
  }
}

/** Return the command that an answer tells of; raises RequestError. */
function taken(status, body) {
  const told = parsed(body);
  if (status === 202 && told.id !== undefined) return told;
  const isRefused = status >= 400 && status < 500;
  throw new RequestError(told.error ?? `The desk answered ${status}. ${isRefused ? "Nothing was asked for." : UNPROVEN}`);
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

/** Return a command once it is DONE or REFUSED, or as it stands after some ten seconds. */
export async function outcomeOf(command) {
  let latest = command;
  for (let asked = 0; asked < ASK_TIMES && latest.state === "PENDING"; asked += 1) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    try {
      const answer = await fetch(`/live/commands/${command.id}/`, { headers: HEADERS, cache: "no-store", signal: AbortSignal.timeout(LATE_MS) });
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
