// The order of a table's rows: as they come, or by the column that a reader chose. Pure.

const NAMES = new Intl.Collator("en-IN", { numeric: true });

/**
 * Return `rows` by `by(row)`, a number or a text, `direction` 1 (upwards) or -1.
 *
 * Rows without a value stand last either way; equal ones keep the order in which they came.
 */
export function sorted(rows, by, direction) {
  const told = rows.map((row) => ({ row, value: by(row) ?? null }));
  const compare = (one, other) => {
    if (one.value === null || other.value === null) return (one.value === null) - (other.value === null);
    const isText = typeof one.value === "string" || typeof other.value === "string";
    return direction * (isText ? NAMES.compare(one.value, other.value) : one.value - other.value);
  };
  return told.sort(compare).map(({ row }) => row);
}

/**
 * Return the order after a press on `column`, one that sorts: its first direction, the other one, none.
 *
 * `before`: null or {column, direction}. Figures begin with the largest, words with the first letter.
 */
export function afterPress(before, column) {
  const first = column.cls?.split(" ").includes("n") ? -1 : 1;
  if (before?.column !== column) return { column, direction: first };
  return before.direction === first ? { column, direction: -first } : null;
}
