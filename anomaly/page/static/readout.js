// What a row of the chart says: above the chart for those who look, in a sentence for those who listen.

import { byId, element } from "./dom.js";
import { DAY, formatBand, formatClock, formatDayAndClock, formatEstimate, formatLocalTime, formatNumber, formatScore } from "./format.js";

function rowTime(row, info) {
  if (row.periods === 1) return formatDayAndClock(row.start);
  const end = row.end - info.period;
  return `${formatDayAndClock(row.start)}–${end - row.start < DAY ? formatClock(end) : formatDayAndClock(end)}`;
}

// `pointed`: whether somebody chose the row, or it is just the last one.
export function showReadout(row, info, pointed) {
  const parts = [];
  if (row) {
    const time = rowTime(row, info);
    parts.push(element("b", {}, row.periods === 1 ? formatNumber(row.value) : `${formatNumber(row.lowest)}–${formatNumber(row.highest)}`));
    parts.push(element("span", { title: formatLocalTime(row.start) }, pointed ? time : `Last shown: ${time}`));
    if (row.expected_value !== null) {
      parts.push(element("span", {}, `expected ${formatEstimate(row.expected_value)} (${formatBand(row.lower_bound, row.upper_bound)})`));
    }
    const over = row.score > info.threshold;
    parts.push(element("span", { class: over ? "hot" : null }, row.learning ? "learning, no score yet" : `score ${formatScore(row.score)}`));
    if (row.alert) parts.push(element("span", { class: "hot" }, "alert"));
    if (row.imputed) parts.push(element("span", {}, "filled in, not measured"));
  }
  byId("readout").replaceChildren(...parts);
}

export function describeRow(row, info) {
  const parts = [rowTime(row, info)];
  if (row.periods === 1) parts.push(`${formatNumber(row.value)}`);
  else parts.push(`${formatNumber(row.lowest)} to ${formatNumber(row.highest)}, ${formatNumber(row.value)} on average`);
  if (row.expected_value !== null) {
    parts.push(`expected ${formatEstimate(row.expected_value)}, ${formatEstimate(row.lower_bound)} to ${formatEstimate(row.upper_bound)}`);
  }
  parts.push(row.learning ? "learning, no score yet" : `score ${formatScore(row.score)}`);
  if (row.alert) parts.push("alert");
  if (row.imputed) parts.push(row.periods === 1 ? "filled in, not measured" : `${row.imputed} filled in`);
  return parts.join("; ");
}
