// What stands around the chart: the series' name, a summary, a table of the values, and what is known of the series.

import { byId, element, isolated } from "./dom.js";
import {
  counted, formatBand, formatCount, formatDateAndClock, formatDayAndClock, formatEstimate, formatNumber, formatPeriod, formatScore,
  formatTableTime, isoTime, quoted
} from "./format.js";

export function showHeading(info, rows, severalDetectors) {
  byId("chart-heading").replaceChildren(isolated(info.label));
  byId("chart-heading").title = info.label;
  const what = info.measure === info.label ? "value" : info.measure;
  const joined = rows.some((row) => row.periods > 1 && !row.alert) ? ", several periods a point" : "";
  const detector = severalDetectors ? ` · ${info.detector}` : "";
  byId("chart-subtitle").textContent = `${what} ${formatPeriod(info.period)}${joined}, UTC${detector}`;
  byId("legend-measure").textContent = info.measure === "*" ? "Count" : info.measure;
  byId("legend-threshold").textContent = `Threshold ${formatNumber(info.threshold)}`;
  byId("legend-learning").hidden = !rows.some((row) => row.learning);
}

// Instead of the chart; an empty text uncovers it.
export function showInsteadOfChart(text) {
  byId("blank").hidden = !text;
  byId("blank").textContent = text;
}

export function whyEmpty(info, isWhole) {
  if (!isWhole) return "This page carries of this series only what surrounds its alerts.";
  return `No results of this series in this time. It has some from ${formatDateAndClock(info.first)} to ${formatDateAndClock(info.last)}.`;
}

export function showSummary({ info, from, to }, rows, ifEmpty) {
  const alerts = rows.filter((row) => row.alert), latest = alerts.at(-1);
  const told = latest
    ? `${counted(alerts.length, "alert")}, the last ${formatDayAndClock(latest.start)} with ${formatNumber(latest.value)}, expected ${formatEstimate(latest.expected_value)}, score ${formatScore(latest.score)}`
    : "no alert";
  const [lowest, highest] = [Math.min(...rows.map((row) => row.lowest)), Math.max(...rows.map((row) => row.highest))];
  byId("summary").textContent = rows.length
    ? `${quoted(info.label)} from ${formatDateAndClock(from)} to ${formatDateAndClock(to)} UTC: between ${formatNumber(lowest)} and ${formatNumber(highest)}; ${told}.`
    : ifEmpty;
}

// The rows are made only when the table is open: there may be thousands.
export function showTable(info, rows) {
  const details = byId("values");
  details.querySelector("summary").textContent = `Values as a table (${counted(rows.length, "row")})`;
  if (!details.open) return void byId("values-body").replaceChildren();
  byId("values-caption").textContent = `${quoted(info.label)}, ${info.measure}. In a row of several periods, Value is the mean.`;
  const cell = (value, text) => element("td", {}, element("data", { value: String(value ?? "") }, text));
  byId("values-body").replaceChildren(...rows.map((row) => {
    const notes = [
      row.alert && "alert", row.learning && "learning", row.imputed && "filled in",
      row.periods > 1 && `${row.periods} periods, ${formatNumber(row.lowest)} to ${formatNumber(row.highest)}`,
    ];
    return element("tr", {},
      element("td", {}, element("time", { datetime: isoTime(row.start) }, formatTableTime(row.start))),
      cell(row.value, formatNumber(row.value)), cell(row.expected_value, formatNumber(row.expected_value)),
      element("td", {}, formatBand(row.lower_bound, row.upper_bound)),
      cell(row.learning ? null : row.score, row.learning ? "–" : formatScore(row.score)),
      element("td", {}, notes.filter(Boolean).join(", ")));
  }));
}

export function showAbout(info) {
  const entries = [
    ...info.dimensions,
    ["Measure", info.measure], ...(info.detector ? [["Detector", info.detector]] : []), ["Number of Datapoints Processed", formatCount(info.data_points)],
    ["Anomaly Confidence Score", formatScore(info.confidence)], ["Stage", info.stage], ["Threshold", formatNumber(info.threshold)],
    ["First result", `${formatDateAndClock(info.first)} UTC`], ["Newest result", `${formatDateAndClock(info.last)} UTC`], ["Identifier", info.id],
  ];
  byId("about-list").replaceChildren(...entries.flatMap(([name, value]) => [
    element("dt", {}, isolated(name)), element("dd", {}, isolated(value)),
  ]));
}
