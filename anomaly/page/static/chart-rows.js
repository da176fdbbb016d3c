// Rows of a chart, of one or several periods each: unpacking them, choosing those of a time, joining them where there are more than a screen can show.

import { HOUR } from "./format.js";

export function unpackRows(columns, period) {
  return columns.start.map((start, i) => ({
    start,
    end: columns.end[i] ?? start + period,
    periods: columns.periods[i],
    value: columns.value[i],
    lowest: columns.lowest[i] ?? columns.value[i],
    highest: columns.highest[i] ?? columns.value[i],
    expected_value: columns.expected_value[i],
    lower_bound: columns.lower_bound[i],
    upper_bound: columns.upper_bound[i],
    score: columns.score[i],
    alert: columns.alert[i],
    learning: columns.learning[i],
    imputed: columns.imputed[i],
  }));
}

// The index of the first row that starts at or after a time.
export function firstAt(rows, time) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].start < time) low = middle + 1; else high = middle;
  }
  return low;
}

// Rows from `from` to before `to`, with at most about `limit` of them: neighbours become one row, alerts never.
export function rowsBetween(rows, from, to, limit, period) {
  const inside = rows.slice(firstAt(rows, from), firstAt(rows, to));
  if (inside.length <= limit) return inside;
  const width = period * Math.ceil((to - from) / period / limit);
  const joined = [];
  let group = [];
  const close = () => {
    if (group.length) joined.push(joinRows(group));
    group = [];
  };
  for (const row of inside) {
    if (row.alert) {
      close();
      joined.push(row);
    } else {
      if (group.length && Math.floor(group[0].start / width) !== Math.floor(row.start / width)) close();
      group.push(row);
    }
  }
  close();
  return joined;
}

function joinRows(rows) {
  if (rows.length === 1) return rows[0];
  const known = (field) => rows.filter((row) => row[field] !== null);
  const mean = (field) => {
    const having = known(field);
    const weight = having.reduce((sum, row) => sum + row.periods, 0);
    return weight ? having.reduce((sum, row) => sum + row[field] * row.periods, 0) / weight : null;
  };
  const extreme = (field, pick) => {
    const having = known(field);
    return having.length ? pick(...having.map((row) => row[field])) : null;
  };
  return {
    start: rows[0].start,
    end: rows.at(-1).end,
    periods: rows.reduce((sum, row) => sum + row.periods, 0),
    value: mean("value"),
    lowest: extreme("lowest", Math.min),
    highest: extreme("highest", Math.max),
    expected_value: mean("expected_value"),
    lower_bound: mean("lower_bound"),
    upper_bound: mean("upper_bound"),
    score: extreme("score", Math.max),
    alert: 0,
    learning: Math.max(...rows.map((row) => row.learning)),
    imputed: rows.reduce((sum, row) => sum + row.imputed, 0),
  };
}

// The same rows with empty ones where results are missing, so that no line is drawn over a time of which nothing is known.
// Rows of one period may stand beside rows of many, and an alert within the time of one.
export function withGaps(rows, period) {
  const steps = rows.slice(1).map((row, i) => row.start - rows[i].start).sort((a, b) => a - b);
  const usual = Math.max(period, steps[steps.length >> 1] ?? period);
  let known = -Infinity;
  return rows.flatMap((row, i) => {
    const before = rows[i - 1];
    if (before) known = Math.max(known, before.end);
    if (!before || row.start - Math.max(known, before.start + usual) <= 3 * usual) return [row];
    return [{ start: known, value: null, lowest: null, highest: null, expected_value: null, lower_bound: null, upper_bound: null }, row];
  });
}

// Times without scores because the series was being learned.
export function learningTimes(rows) {
  const times = [];
  for (const row of rows) {
    if (!row.learning) continue;
    const last = times.at(-1);
    if (last && row.start - last.end < HOUR) last.end = row.end; else times.push({ start: row.start, end: row.end });
  }
  return times;
}

// The ends of the measure's axis: everything in view, from zero where that costs little.
export function valueAxis(rows) {
  const values = rows.flatMap((row) => [row.lowest, row.highest, row.lower_bound, row.upper_bound]).filter((value) => value !== null);
  if (!values.length) return [0, 1];
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low === high) return low === 0 ? [0, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2];
  const room = (high - low) * 0.08;
  const fromZero = low >= 0 && low < high * 0.4;
  return [fromZero ? 0 : low - room, high + room];
}
