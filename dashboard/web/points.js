// Rows of a chart: unpacking them, choosing those of a time, joining them where there are more than a screen can show.

function unpackPoints(columns, step) {
  return columns.t.map((t, i) => ({
    t,
    end: columns.end[i] ?? t + step,
    n: columns.n[i],
    value: columns.value[i],
    low: columns.low[i] ?? columns.value[i],
    high: columns.high[i] ?? columns.value[i],
    expected: columns.expected[i],
    lower: columns.lower[i],
    upper: columns.upper[i],
    score: columns.score[i],
    alert: columns.alert[i],
    learning: columns.learning[i],
    imputed: columns.imputed[i],
  }));
}

// The index of the first row that starts at or after a time.
function firstAt(rows, time) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].t < time) low = middle + 1; else high = middle;
  }
  return low;
}

// Rows from `from` to before `to`, with at most about `limit` of them: neighbours become one row, alerts never.
function rowsBetween(rows, from, to, limit, step) {
  const inside = rows.slice(firstAt(rows, from), firstAt(rows, to));
  if (inside.length <= limit) return inside;
  const width = step * Math.ceil((to - from) / step / limit);
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
      if (group.length && Math.floor(group[0].t / width) !== Math.floor(row.t / width)) close();
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
    const weight = having.reduce((sum, row) => sum + row.n, 0);
    return weight ? having.reduce((sum, row) => sum + row[field] * row.n, 0) / weight : null;
  };
  const extreme = (field, pick) => {
    const having = known(field);
    return having.length ? pick(...having.map((row) => row[field])) : null;
  };
  return {
    t: rows[0].t,
    end: rows.at(-1).end,
    n: rows.reduce((sum, row) => sum + row.n, 0),
    value: mean("value"),
    low: extreme("low", Math.min),
    high: extreme("high", Math.max),
    expected: mean("expected"),
    lower: mean("lower"),
    upper: mean("upper"),
    score: extreme("score", Math.max),
    alert: 0,
    learning: Math.max(...rows.map((row) => row.learning)),
    imputed: rows.reduce((sum, row) => sum + row.imputed, 0),
  };
}

// The same rows with empty ones where results are missing, so that no line is drawn over a time of which nothing is known.
// Rows of one period may stand beside rows of many, and an alert within the time of one.
function withGaps(rows, step) {
  const steps = rows.slice(1).map((row, i) => row.t - rows[i].t).sort((a, b) => a - b);
  const usual = Math.max(step, steps[steps.length >> 1] ?? step);
  let known = -Infinity;
  return rows.flatMap((row, i) => {
    const before = rows[i - 1];
    if (before) known = Math.max(known, before.end);
    if (!before || row.t - Math.max(known, before.t + usual) <= 3 * usual) return [row];
    return [{ t: known, value: null, low: null, high: null, expected: null, lower: null, upper: null }, row];
  });
}

// Times without scores because the series was being learned.
function learningTimes(rows) {
  const times = [];
  for (const row of rows) {
    if (!row.learning) continue;
    const last = times.at(-1);
    if (last && row.t - last.end < HOUR) last.end = row.end; else times.push({ t: row.t, end: row.end });
  }
  return times;
}

// The ends of the measure's axis: everything in view, from zero where that costs little.
function measureAxis(rows) {
  const values = rows.flatMap((row) => [row.low, row.high, row.lower, row.upper]).filter((value) => value !== null);
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
