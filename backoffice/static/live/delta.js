// The desk's state in the page: taken from a snapshot, moved on by numbered changes. Pure functions.

const KEYED = new Set(["positions", "combinations", "orders", "signals", "fills", "events", "aside"]);

/** Return a list, newest first, with entries replaced in place or put in front, and others removed. */
export function merged(entries, change) {
  const gone = new Set(change.remove ?? []);
  const fresh = new Map((change.upsert ?? []).map((entry) => [entry.id, entry]));
  const known = new Set(entries.map((entry) => entry.id));
  return [
    ...(change.upsert ?? []).filter((entry) => !known.has(entry.id)),
    ...entries.filter((entry) => !gone.has(entry.id)).map((entry) => fresh.get(entry.id) ?? entry),
  ];
}

function isMerge(field, change) {
  return KEYED.has(field) && change !== null && typeof change === "object" && !Array.isArray(change);
}

/** Say what a change's number means after `sequence`: "next", "old" (leave it) or "gap". */
export function order(sequence, number) {
  if (number === sequence + 1) return "next";
  const startedAnew = number === 1 && sequence > 1;
  return number <= sequence && !startedAnew ? "old" : "gap";
}

/**
 * Return the state after a change; `state` itself stays as it is.
 * Bars are no part of the state: they are handed to the chart by whoever calls this.
 */
export function applied(state, delta) {
  const next = { ...state, sequence: delta.sequence };
  for (const [field, change] of Object.entries(delta.changes)) {
    if (field === "bars") continue;
    next[field] = isMerge(field, change) ? merged(state[field] ?? [], change) : change;
  }
  return next;
}
